#include "protocols/http2/connection.h"
#include "protocols/http2/dissector_context.h"
#include "support/exercise_host.h"

namespace sslsniff {
namespace {

/// Each step is a byte of operation, one of size, and as many bytes of data. What the context makes up
/// must be understood by a reader of frames, whatever passed before.
void run(ByteView input) {
    http2::DissectorContext context(Direction::sent, true, true);
    while (input.size() >= 2) {
        const auto operation = static_cast<unsigned char>(input[0]);
        const std::size_t size = static_cast<unsigned char>(input[1]);
        input.remove_prefix(2);
        const Direction direction = (operation & 1) != 0 ? Direction::sent : Direction::received;
        if (operation >= 0xF0) {
            context.skip(direction, size);
        } else if (operation >= 0xE0) {
            test::ExerciseHost host(true);
            http2::Connection dissector(host, {});
            const auto beginning = context.begin();
            for (const auto& piece : beginning.pieces) {
                if (dissector.feed(piece.direction, piece.bytes, {}) != ProtocolParser::Status::ok) {
                    __builtin_trap();
                }
            }
        } else {
            const ByteView bytes = input.substr(0, size);
            input.remove_prefix(bytes.size());
            context.opening(bytes);
            context.before(direction, bytes);
        }
    }
}

}  // namespace
}  // namespace sslsniff

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    sslsniff::run({reinterpret_cast<const char*>(data), size});
    return 0;
}
