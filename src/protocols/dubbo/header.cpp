#include "protocols/dubbo/header.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/endian.h"

namespace sslsniff::dubbo {
namespace {

using framed::Look;
using framed::Side;

constexpr ByteView kMagic = "\xDA\xBB";
constexpr std::uint8_t kRequest = 0x80;
constexpr std::uint8_t kTwoWay = 0x40;
constexpr std::uint8_t kEvent = 0x20;
constexpr std::uint8_t kSerialization = 0x1F;
/// Servers take 8 MiB by default (payload).
constexpr std::uint32_t kMostBytes = 256 * 1024 * 1024;

struct Name {
    std::uint8_t number;
    std::string_view name;
};
/// org.apache.dubbo.common.serialize.Constants.
constexpr auto kSerializations = std::to_array<Name>({
    {kHessian2, "hessian2"},
    {3, "java"},
    {4, "compactedjava"},
    {6, "fastjson"},
    {7, "nativejava"},
    {8, "kryo"},
    {9, "fst"},
    {10, "native-hessian"},
    {11, "avro"},
    {12, "protostuff"},
    {16, "gson"},
    {21, "protobuf-json"},
    {22, "protobuf"},
    {23, "fastjson2"},
    {25, "kryo2"},
});
/// org.apache.dubbo.remoting.exchange.Response.
constexpr auto kStatuses = std::to_array<Name>({
    {kOk, "OK"},
    {25, "SERIALIZATION_ERROR"},
    {30, "CLIENT_TIMEOUT"},
    {31, "SERVER_TIMEOUT"},
    {35, "CHANNEL_INACTIVE"},
    {40, "BAD_REQUEST"},
    {50, "BAD_RESPONSE"},
    {60, "SERVICE_NOT_FOUND"},
    {70, "SERVICE_ERROR"},
    {80, "SERVER_ERROR"},
    {90, "CLIENT_ERROR"},
    {100, "SERVER_THREADPOOL_EXHAUSTED_ERROR"},
});

std::string_view name_of(std::span<const Name> names, std::uint8_t number) {
    const auto found = std::ranges::find(names, number, &Name::number);
    return found != names.end() ? found->name : std::string_view{};
}

}  // namespace

Header read_header(ByteView bytes) {
    const auto flags = static_cast<std::uint8_t>(bytes[2]);
    return {.is_request = (flags & kRequest) != 0,
            .is_two_way = (flags & kTwoWay) != 0,
            .is_event = (flags & kEvent) != 0,
            .serialization = static_cast<std::uint8_t>(flags & kSerialization),
            .status = static_cast<std::uint8_t>(bytes[3]),
            .id = load_be<std::uint64_t>(bytes, 4),
            .size = load_be<std::uint32_t>(bytes, 12)};
}

std::string_view serialization_name(std::uint8_t serialization) {
    return name_of(kSerializations, serialization);
}

std::string_view status_name(std::uint8_t status) {
    return name_of(kStatuses, status);
}

Look DubboFraming::look(Side side, ByteView bytes) const {
    const std::size_t common = std::min(bytes.size(), kMagic.size());
    if (bytes.substr(0, common) != kMagic.substr(0, common)) {
        return framed::malformed();
    }
    if (bytes.size() < kHeader) {
        return framed::need_more();
    }
    const Header header = read_header(bytes);
    const bool from_client = header.is_request;
    const bool good = !serialization_name(header.serialization).empty() && header.size <= kMostBytes &&
                      (header.is_event || from_client == (side == Side::client)) &&
                      (header.is_request || !status_name(header.status).empty());
    // Events are the same from both sides.
    return good ? Look{Look::State::message, kHeader + std::uint64_t{header.size}, !header.is_event,
                       !header.is_event}
                : framed::malformed();
}

}  // namespace sslsniff::dubbo
