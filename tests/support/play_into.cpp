#include "support/play_into.h"

#include <array>
#include <chrono>
#include <cstdint>

#include "stream/connection_table.h"

namespace sslsniff::test {

void play_into(TransactionSink& sink, const Conversation& conversation) {
    ConnectionTable table(sink);
    Timestamp time{std::chrono::seconds(1'700'000'000)};
    const ConnectionId id = Player::id(1);
    table.on_event(OpenEvent{id, time, Carrier::tls, false, ""});
    std::array<std::uint64_t, 2> positions{};
    for (const Piece& piece : conversation) {
        time += std::chrono::milliseconds(1);
        std::uint64_t& at = positions.at(static_cast<std::size_t>(piece.direction));
        table.on_event(DataEvent{id, time, 1, piece.direction, at, piece.bytes});
        at += piece.bytes.size();
    }
    table.finish(time);
}

}  // namespace sslsniff::test
