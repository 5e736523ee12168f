// Both directions of a connection in chunks, with gaps and ends, through the ConnectionTable: operation,
// size, data.
#include <cstddef>
#include <cstdint>

#include "support/conversation.h"

namespace {

using namespace sslsniff;

void run(ByteView input) {
    StreamLimits limits;
    const auto flags = static_cast<unsigned char>(input.front());
    input.remove_prefix(1);
    limits.parser.max_body = (flags & 1) != 0 ? 8 : 4096;
    limits.parser.max_headers = (flags & 2) != 0 ? 64 : 4096;
    limits.parser.max_pending = (flags & 4) != 0 ? 2 : 64;
    limits.max_memory = (flags & 32) != 0 ? 8192 : 1U << 20U;
    limits.max_detection = (flags & 8) != 0 ? 64 : 4096;
    test::Player player(limits);
    player.open(1, (flags & 16) != 0);
    while (input.size() >= 2) {
        const auto operation = static_cast<unsigned char>(input[0]);
        const auto size = static_cast<unsigned char>(input[1]);
        input.remove_prefix(2);
        const Direction direction = (operation & 1) != 0 ? Direction::sent : Direction::received;
        switch (operation >> 4) {
            case 0xF:
                player.gap(direction, size, (operation & 2) != 0);
                break;
            case 0xE:
                player.unknown_gap(direction);
                break;
            case 0xD:
                player.close(static_cast<CloseReason>(size % 6));
                player.open(1, (operation & 2) != 0);
                break;
            default:
                player.data(direction, input.substr(0, size));
                input.remove_prefix(std::min<std::size_t>(size, input.size()));
        }
    }
    player.finish();
    for (const auto& integrity : player.sink.integrities) {
        if (integrity.complete != integrity.reason.empty()) {
            __builtin_trap();  // what is incomplete says why, and nothing else does
        }
    }
    if (player.table.open_connections() != 0 || player.table.held() != 0) {
        __builtin_trap();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 0) {
        run({reinterpret_cast<const char*>(data), size});
    }
    return 0;
}
