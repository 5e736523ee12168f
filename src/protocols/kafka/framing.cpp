#include "protocols/kafka/framing.h"

#include <algorithm>

#include "base/endian.h"
#include "protocols/kafka/header.h"

namespace sslsniff::kafka {
namespace {

using framed::Look;

/// Brokers refuse requests of more than socket.request.max.bytes, 100 MiB unless somebody changed it;
/// fetched records may be more.
constexpr std::uint32_t kMostBytes = 0x3FFFFFFF;
/// Beyond what is assigned: brokers of the future have more keys and versions, but not many.
constexpr std::uint16_t kMostKeys = 256;
constexpr std::uint16_t kMostVersions = 64;
/// Bytes of a request in which contradictions are looked for.
constexpr std::size_t kExamined = 512;
constexpr std::size_t kLongestClientId = 255;

bool is_printable(ByteView text) {
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

/// Names must look like names, so that zeros are not taken for a message.
class Contradictions final : public FieldSink {
  public:
    void on_bytes(const Field& field, ByteView value, std::uint64_t /*size*/) override {
        if (field.means == Means::topic || field.means == Means::subject) {
            names_ = names_ || !value.empty();
            bad_ = bad_ || value.empty() || !is_printable(value);
        } else if (field.means == Means::group) {
            names_ = names_ || !value.empty();
        }
    }
    void on_number(const Field& field, std::int64_t value) override {
        bad_ = bad_ || (field.type == Type::boolean && value != 0 && value != 1) ||
               (field.means == Means::acks && (value < -1 || value > 1)) ||
               (field.means == Means::partition && value < 0);
    }
    bool bad() const { return bad_; }
    bool names() const { return names_; }

  private:
    bool bad_ = false;
    bool names_ = false;
};

/// Whether little is left to chance: the API, its version, the client's name and the body agree.
bool is_telling(ByteView bytes, std::uint64_t size) {
    Remaining remaining{bytes.substr(kSizeField, kExamined), size - kSizeField};
    const std::optional<RequestHeader> header = read_request_header(remaining);
    if (!header || header->walked != Walked::whole || header->correlation_id < 0) {
        return false;
    }
    const Api* const api = find_api(header->api_key);
    if (api == nullptr || header->api_version > api->newest) {
        return false;
    }
    const ByteView client = header->client_id.value_or("");
    if (client.size() > kLongestClientId || !is_printable(client)) {
        return false;
    }
    if (api->schema == nullptr) {
        return !client.empty();
    }
    Contradictions found;
    const Walked walked = walk(api->schema().request, header->api_version,
                               api->is_flexible(header->api_version), remaining, found);
    const bool agrees = walked == Walked::whole ? remaining.size == 0 : walked == Walked::cut;
    return agrees && !found.bad() && (!client.empty() || found.names());
}

}  // namespace

Look KafkaFraming::look(framed::Side side, ByteView bytes) const {
    if (bytes.size() < kSizeField) {
        return !bytes.empty() && static_cast<std::uint8_t>(bytes.front()) > kMostBytes >> 24
                   ? framed::malformed()
                   : framed::need_more();
    }
    const auto size = load_be<std::uint32_t>(bytes);
    const std::uint64_t whole = std::uint64_t{size} + kSizeField;
    if (side == framed::Side::server) {
        return size < 4 || size > kMostBytes ? framed::malformed() : framed::message_of(whole, false);
    }
    if (size < kLeastRequest - kSizeField || size > kMostBytes) {
        return framed::malformed();
    }
    if (bytes.size() < 8) {
        return framed::need_more();
    }
    const auto key = load_be<std::uint16_t>(bytes, 4);
    const auto version = load_be<std::uint16_t>(bytes, 6);
    if (key >= kMostKeys || version >= kMostVersions) {
        return framed::malformed();
    }
    return framed::message_of(
        whole, is_telling(bytes.substr(0, std::min<std::uint64_t>(bytes.size(), whole)), whole));
}

std::size_t KafkaFraming::max_header() const {
    return 8;
}

}  // namespace sslsniff::kafka
