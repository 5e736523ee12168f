#include <algorithm>
#include <cstdint>

#include "body/protobuf_dump.h"
#include "protocols/grpc/message_reader.h"
#include "protocols/grpc/status.h"

// The first byte: whether base64, which bit marks the last frame, and the size of the pieces. Each message is
// dumped.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    sslsniff::ByteView input(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t piece = 1 + data[0] / 4U;
    sslsniff::grpc::MessageReader reader(
        [](sslsniff::grpc::Message&& message) {
            sslsniff::dump_protobuf(message.body.captured);
            sslsniff::grpc::read_status(std::string_view(message.body.captured));
            sslsniff::grpc::read_connect_error(message.body.captured);
            if (message.body.captured.size() > 1000) {
                __builtin_trap();
            }
        },
        1000, (data[0] & 4U) != 0 ? sslsniff::grpc::kWebTrailers : sslsniff::grpc::kConnectEnd,
        (data[0] & 1U) != 0);
    while (!input.empty()) {
        reader.feed(input.substr(0, piece), {});
        input.remove_prefix(std::min(piece, input.size()));
        if ((data[0] & 2U) != 0 && input.size() % 7 == 0) {
            reader.gap(input.size() % 5);
        }
    }
    return 0;
}
