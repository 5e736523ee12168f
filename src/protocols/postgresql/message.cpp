#include "protocols/postgresql/message.h"

#include "base/endian.h"

namespace sslsniff::postgresql {
namespace {

/// The length counts itself.
constexpr std::uint32_t kLength = 4;

std::optional<dialogue::Length> read_typed(Side side, ByteView header) {
    const auto size = load_be<std::uint32_t>(header, 1);
    if (!is_type(side, header.front()) || size < kLength || size > kMaxSize) {
        return std::nullopt;
    }
    return dialogue::Length{size - kLength};
}

}  // namespace

bool is_type(Side side, char type) {
    constexpr ByteView kClient = "BCDEFHPQSXcdfp";
    constexpr ByteView kServer = "123ACDEGHIKNRSTVWZcdnstv";
    return (side == Side::client ? kClient : kServer).find(type) != ByteView::npos;
}

std::optional<dialogue::Length> read_startup_header(ByteView header) {
    constexpr std::uint32_t kLeast = 8;
    const auto size = load_be<std::uint32_t>(header);
    return size < kLeast || size > kMaxStartupSize ? std::nullopt
                                                   : std::optional(dialogue::Length{size - kLength});
}

std::optional<dialogue::Length> read_client_header(ByteView header) {
    return read_typed(Side::client, header);
}

std::optional<dialogue::Length> read_server_header(ByteView header) {
    return read_typed(Side::server, header);
}

Message make_message(const dialogue::Frame& frame) {
    const char type = frame.header.size() == kTypedHeader ? frame.header.front() : '\0';
    return {type, frame.size, frame.body, frame.missing, frame.start, frame.end};
}

}  // namespace sslsniff::postgresql
