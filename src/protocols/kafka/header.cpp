#include "protocols/kafka/header.h"

#include <array>

#include "base/endian.h"

namespace sslsniff::kafka {
namespace {

class ClientId final : public FieldSink {
  public:
    void on_bytes(const Field& /*field*/, ByteView value, std::uint64_t /*size*/) override { id = value; }
    std::optional<ByteView> id;
};

constexpr auto kClientId = std::to_array<Field>({string("client_id")});

}  // namespace

std::optional<RequestHeader> read_request_header(Remaining& remaining) {
    constexpr std::size_t kFixed = kLeastRequest - kSizeField;
    if (remaining.bytes.size() < kFixed || remaining.size < kFixed) {
        return std::nullopt;
    }
    RequestHeader out;
    out.api_key = static_cast<std::int16_t>(load_be<std::uint16_t>(remaining.bytes));
    out.api_version = static_cast<std::int16_t>(load_be<std::uint16_t>(remaining.bytes, 2));
    out.correlation_id = static_cast<std::int32_t>(load_be<std::uint32_t>(remaining.bytes, 4));
    remaining.bytes.remove_prefix(kFixed);
    remaining.size -= kFixed;
    if (out.api_key == kControlledShutdown && out.api_version == 0) {
        return out;  // the one request whose header has no client id
    }
    ClientId client;
    out.walked = walk(kClientId, 0, false, remaining, client);  // not compact in flexible versions either
    out.client_id = client.id;
    const Api* const api = find_api(out.api_key);
    if (out.walked == Walked::whole && api != nullptr && api->is_flexible(out.api_version)) {
        out.walked = skip_tagged(remaining);
    }
    return out;
}

/// Answers to ApiVersions never have tagged fields in their header: clients must be able to read them before
/// they know what the broker speaks (KIP-511).
Walked skip_response_header(const Api* api, std::int16_t key, std::int16_t version, Remaining& remaining) {
    return api != nullptr && api->is_flexible(version) && key != kApiVersions ? skip_tagged(remaining)
                                                                              : Walked::whole;
}

}  // namespace sslsniff::kafka
