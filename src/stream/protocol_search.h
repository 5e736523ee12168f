#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "model/connection.h"
#include "protocols/protocol.h"
#include "stream/detection.h"

namespace sslsniff {

/// Finds out what one connection speaks, in linear time and bounded memory.
///
/// First the protocols search thoroughly: the connection's beginning, or, where it was joined or bytes are
/// missing, anywhere in the first of what comes. When all refuse, or the search cost enough, the connection
/// is unknown: nothing is kept, and of each later message only the first bytes are looked at
/// (Protocol::may_begin). Where they may begin a protocol, the search goes on from there; protocols that
/// asked for it in vain are asked about fewer and fewer messages.
class ProtocolSearch {
  public:
    /// `limit`: bytes kept of each direction. `joined`: the beginning passed before the capture began.
    ProtocolSearch(std::size_t limit, bool joined);

    struct Claim {
        const Protocol* protocol = nullptr;  ///< null: not known yet
        bool likely = false;                 ///< no more than that
    };
    /// The next bytes of one direction. On a claim they are not kept: the parser gets what take() returns,
    /// and then these.
    Claim add(Direction direction, ByteView bytes, Timestamp time, const Call& call,
              const ConnectionInfo& connection);
    void add_gap(Direction direction, std::uint64_t bytes, Timestamp time);
    /// What was kept, for the parser.
    DetectionBuffer take();
    /// Begins anew: with the connection, or when it turned into something else.
    void begin(bool joined);
    /// Gives up what is kept. False when that was nothing.
    bool drop();

    /// The parser of the protocol claimed last could not make sense of it. `again`: what was taken comes once
    /// more, for the others; else the connection is unknown by now.
    void refuse(const Protocol& protocol, bool again);
    bool is_refused(const Protocol& protocol) const { return (refused_ & bit(protocol)) != 0; }
    /// Nobody understands these bytes.
    void drop(Direction direction, std::uint64_t bytes);
    /// So far, of one direction.
    std::uint64_t dropped(Direction direction) const { return dropped_[static_cast<std::size_t>(direction)]; }
    bool joined() const { return joined_; }

    /// Bytes of memory outside of itself.
    std::size_t held() const;

  private:
    /// A search from one place on.
    struct Attempt {
        Attempt(std::size_t limit, Evidence::Start from) : buffer(limit), start(from) {}
        DetectionBuffer buffer;
        Evidence::Start start;
        std::vector<std::unique_ptr<Detector>> detectors;  ///< by row; null: not asked
        std::array<std::size_t, 2> messages{};             ///< Evidence::Side::message
        unsigned turns = 0;                                ///< messages of both directions
    };
    /// How often a row asked for a search in vain.
    struct Patience {
        std::uint8_t refusals = 0;
        std::uint8_t skip = 0;  ///< messages that it is not asked about
    };

    /// Of a set of rows; of a protocol that is not in the table nothing.
    static std::uint32_t bit(const Protocol& protocol) {
        return row_of(protocol) < protocols().size() ? 1U << row_of(protocol) : 0;
    }
    static std::size_t row_of(const Protocol& protocol) {
        const auto found =
            std::ranges::find(protocols(), &protocol, [](const Protocol& row) { return &row; });
        return static_cast<std::size_t>(found - protocols().begin());
    }
    Claim add_datagram(Direction direction, ByteView bytes, const ConnectionInfo& connection);
    bool is_another_write(ByteView bytes) const;
    bool begin_attempt(ByteView bytes, bool starts, const ConnectionInfo& connection);
    bool open(Evidence::Start start, std::uint32_t rows);
    std::uint32_t worth_searching(ByteView message, const ConnectionInfo& connection);
    void invite(Attempt& attempt, std::uint32_t rows) const;
    Claim ask(const ConnectionInfo& connection, bool& more);
    void drop_foreign(const Detector& detector);
    void fail(std::size_t entries_kept);
    void lose_patience(const Protocol& protocol);

    // There may be very many connections: small.
    std::uint32_t limit_;
    std::uint32_t thorough_left_ = 0;  ///< bytes that may still be searched for anything anywhere
    std::uint32_t refused_ = 0;        ///< rows, as bits
    std::uint32_t latest_size_ = 0;    ///< of the latest chunk
    Direction latest_ = Direction::sent;
    bool ended_line_ = false;                           ///< the latest chunk did
    bool joined_ = false;                               ///< the beginning passed unseen
    bool begun_ = false;                                ///< bytes or a gap came
    bool anywhere_ = false;                             ///< bytes may begin anywhere in a message
    Evidence::Start taken_ = Evidence::Start::message;  ///< of the attempt taken last
    std::array<std::uint64_t, 2> dropped_{};
    std::unique_ptr<Attempt> attempt_;
    std::unique_ptr<Patience[]> patience_;  ///< by row; null: nothing was in vain yet
};

}  // namespace sslsniff
