#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "protocols/framed/message_handler.h"
#include "protocols/framed/message_reader.h"
#include "protocols/framed/resync.h"
#include "protocols/framed/role_finder.h"
#include "protocols/protocol.h"

namespace sslsniff::framed {

/// The parser of a framed protocol: finds out who is the client, cuts both directions into messages, and
/// finds its way back after gaps. What messages mean is the handler's.
class FramedParser final : public ProtocolParser {
  public:
    /// `framing` and what `proof` says are the protocol's, and outlive the parser. `max_kept`: bytes of each
    /// message that the handler sees. `client`: the direction of the client, if it is known for certain.
    FramedParser(ParserHost& host, const Framing& framing, const Proof& proof, std::size_t max_kept,
                 std::unique_ptr<MessageHandler> handler, std::optional<Direction> client = std::nullopt);

    Status feed(Direction direction, ByteView bytes, Timestamp time) override;
    void gap(Direction direction, std::uint64_t bytes, Timestamp time) override;
    void end_of_stream(Direction direction, Timestamp time) override;
    void finish(Timestamp time) override;
    std::size_t held() const override;
    std::uint64_t give_up(std::size_t bytes) override { return handler_->give_up(bytes); }

  private:
    /// One side.
    struct Half {
        Half(const Framing& framing, Side side, std::size_t max_kept)
            : reader(framing, side, max_kept), resync(framing, side) {}
        MessageReader reader;
        Resync resync;
    };
    /// What came before the client was known.
    struct Early {
        Direction direction;
        Timestamp time;
        bool begins;  ///< Call::begins
        Bytes bytes;  ///< empty: a gap
        std::uint64_t missing = 0;
    };

    Status find_client(Direction direction, ByteView bytes, Timestamp time);
    std::optional<Direction> client_by_role() const;
    std::optional<Direction> client_by_port() const;
    void join();
    Direction best_guess() const;
    Status settle(Direction client);
    Status feed_side(Side side, ByteView bytes, bool call_begins, Timestamp time);
    Status read(Side side, ByteView& bytes, Timestamp time);
    void gap_of_side(Side side, std::uint64_t bytes, Timestamp time);
    bool is_of_other_side(Side side, ByteView bytes) const;
    void change_roles(Timestamp time);
    void lose(Side side, std::string_view reason, Timestamp time);
    Half& half(Side side) { return halves_[static_cast<std::size_t>(side)]; }
    Side side_of(Direction direction) const { return direction == client_ ? Side::client : Side::server; }

    ParserHost& host_;
    const Framing& framing_;
    std::unique_ptr<MessageHandler> handler_;
    std::array<Half, 2> halves_;
    RoleFinder roles_;
    std::vector<Early> early_;
    std::array<Bytes, 2> said_;            ///< the same, by direction
    std::array<std::size_t, 2> begins_{};  ///< where the latest message begins in it
    std::optional<Direction> latest_;
    std::optional<Direction> client_;
    unsigned undecided_ = 0;    ///< how often it was the protocol, but either one may have been the client
    bool guessed_ = false;      ///< client_ is not certain
    bool midstream_ = false;    ///< what came first was not the beginning, or bytes are missing since
    bool handed_over_ = false;  ///< what follows is TLS
    bool rejected_ = false;
    bool understood_ = false;  ///< a message was
};

}  // namespace sslsniff::framed
