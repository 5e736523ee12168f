#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "model/event.h"
#include "stream/connection_table.h"
#include "support/recording_sink.h"

namespace sslsniff::test {

/// What one call carried: bytes, or bytes that were not captured.
struct Piece {
    Direction direction = Direction::sent;
    std::string bytes;
    bool captured = true;
};
using Conversation = std::vector<Piece>;

inline Piece sent(std::string bytes) {
    return {Direction::sent, std::move(bytes), true};
}
inline Piece received(std::string bytes) {
    return {Direction::received, std::move(bytes), true};
}

std::size_t size_of(const Conversation& conversation);
/// The same conversation as the other end sees it.
Conversation from_other_end(Conversation conversation);
/// Each piece in chunks of at most `size` bytes.
Conversation in_chunks(const Conversation& conversation, std::size_t size);
/// The piece around `offset` (counted over all pieces) in two.
Conversation split_at(const Conversation& conversation, std::size_t offset);
/// `size` bytes from `offset` on lost, within the piece around `offset` and, when it is shorter, the next
/// ones.
Conversation with_gap(const Conversation& conversation, std::size_t offset, std::size_t size);

/// Plays events of one process into a ConnectionTable. One millisecond passes with each event.
class Player {
  public:
    explicit Player(const StreamLimits& limits = {}) : table(sink, limits) {}

    static ConnectionId id(std::uint64_t number);
    Timestamp tick() { return now_ += std::chrono::milliseconds(1); }

    void open(std::uint64_t connection = 1, bool midstream = false, Carrier carrier = Carrier::tls);
    void data(Direction direction, ByteView bytes, std::uint64_t connection = 1);
    /// `bytes` bytes are missing; with `announced` a GapEvent says so, else the next position jumps.
    void gap(Direction direction, std::uint64_t bytes, bool announced = false, std::uint64_t connection = 1);
    void unknown_gap(Direction direction, std::uint64_t connection = 1);
    void close(CloseReason reason = CloseReason::shutdown, std::uint64_t connection = 1);
    void play(const Conversation& conversation, std::uint64_t connection = 1);
    void finish() { table.finish(tick()); }

    RecordingSink sink;
    ConnectionTable table;

  private:
    std::uint64_t& position(Direction direction, std::uint64_t connection);

    Timestamp now_{std::chrono::seconds(1'700'000'000)};
    std::map<std::pair<std::uint64_t, Direction>, std::uint64_t> positions_;
};

/// Opens a connection, plays, closes it orderly, finishes.
Recording play(const Conversation& conversation, const StreamLimits& limits = {});

}  // namespace sslsniff::test
