#include "tls/hello.h"

namespace sslsniff {

namespace {

/// Takes big-endian fields off the front. Reading past the end gives nothing, and the cursor stays at the
/// end.
class Cursor {
  public:
    explicit Cursor(ByteView bytes) : rest_(bytes) {}

    std::optional<std::size_t> number(std::size_t width) {
        if (rest_.size() < width) {
            rest_ = {};
            return std::nullopt;
        }
        std::size_t value = 0;
        for (const char byte : rest_.substr(0, width)) {
            value = value << 8U | static_cast<unsigned char>(byte);
        }
        rest_.remove_prefix(width);
        return value;
    }

    /// The next `size` bytes, or those that are there.
    ByteView take(std::size_t size) {
        const ByteView taken = rest_.substr(0, size);
        rest_.remove_prefix(taken.size());
        return taken;
    }

    /// A field that begins with its length; cut short if the bytes are.
    std::optional<ByteView> vector(std::size_t width) {
        const auto size = number(width);
        return size ? std::optional(take(*size)) : std::nullopt;
    }

    /// As vector(), but nothing when it is cut short.
    std::optional<ByteView> whole_vector(std::size_t width) {
        const auto size = number(width);
        return size && rest_.size() >= *size ? std::optional(take(*size)) : std::nullopt;
    }

    bool empty() const { return rest_.empty(); }

  private:
    ByteView rest_;
};

constexpr std::size_t kRecordHandshake = 22;
constexpr std::size_t kClientHello = 1;
constexpr std::size_t kServerHello = 2;
constexpr std::size_t kRandomLength = 32;

// Extension types, https://www.iana.org/assignments/tls-extensiontype-values
constexpr std::size_t kServerName = 0;
constexpr std::size_t kAlpn = 16;
constexpr std::size_t kSupportedVersions = 43;

std::string host_name(ByteView extension) {
    Cursor list(Cursor(extension).vector(2).value_or(""));
    while (!list.empty()) {
        const auto type = list.number(1);
        const auto name = list.whole_vector(2);
        if (type == 0 && name) {
            return std::string(*name);
        }
    }
    return {};
}

std::vector<std::string> protocol_names(ByteView extension) {
    std::vector<std::string> names;
    Cursor list(Cursor(extension).vector(2).value_or(""));
    while (!list.empty()) {
        const auto name = list.whole_vector(1);
        if (!name || name->empty()) {
            break;
        }
        names.emplace_back(*name);
    }
    return names;
}

void read_extension(std::size_t type, ByteView content, TlsHello& hello) {
    if (type == kServerName && hello.from_client) {
        hello.sni = host_name(content);
    } else if (type == kAlpn) {
        auto names = protocol_names(content);
        if (hello.from_client) {
            hello.offered_alpn = std::move(names);
        } else if (!names.empty()) {
            hello.alpn = std::move(names.front());
        }
    } else if (type == kSupportedVersions && !hello.from_client) {
        if (const auto version = Cursor(content).number(2)) {
            hello.version = tls_version_name(static_cast<std::uint16_t>(*version));
        }
    }
}

void read_extensions(Cursor message, TlsHello& hello) {
    Cursor extensions(message.vector(2).value_or(""));
    while (!extensions.empty()) {
        const auto type = extensions.number(2);
        const auto content = extensions.whole_vector(2);
        if (!type || !content) {
            return;
        }
        read_extension(*type, *content, hello);
    }
}

/// A handshake message, or the first fragment of one.
struct Message {
    std::size_t type = 0;
    ByteView body;
    bool is_dtls = false;
};

/// Versions are negative numbers there: 0xfefd is DTLS 1.2 (RFC 6347 section 4.1).
bool is_dtls_version(std::size_t version) {
    return version >> 8U == 0xfe;
}

/// What follows the version in the header of a DTLS record, and the header of a handshake message with its
/// fragment (RFC 6347 sections 4.1 and 4.2.2).
std::optional<Message> read_dtls_message(Cursor record) {
    constexpr std::size_t kEpochAndSequence = 8;
    record.take(kEpochAndSequence);
    Cursor fragment(record.vector(2).value_or(""));
    const auto type = fragment.number(1);
    fragment.number(3);  // length of the whole message
    fragment.number(2);  // message_seq
    const auto offset = fragment.number(3);
    const auto body = fragment.vector(3);
    if (!type || offset != 0 || !body) {
        return std::nullopt;
    }
    return Message{*type, *body, true};
}

std::optional<Message> read_message(ByteView bytes, bool record_header) {
    Cursor cursor(bytes);
    if (record_header) {
        const auto type = cursor.number(1);
        const auto version = cursor.number(2);
        if (type != kRecordHandshake || !version) {
            return std::nullopt;
        }
        if (is_dtls_version(*version)) {
            return read_dtls_message(cursor);
        }
        if (*version >> 8U != 3 || !cursor.number(2)) {
            return std::nullopt;
        }
    }
    const auto type = cursor.number(1);
    return type ? std::optional(Message{*type, cursor.vector(3).value_or(""), false}) : std::nullopt;
}

}  // namespace

std::optional<TlsHello> parse_tls_hello(ByteView bytes, bool record_header) {
    const auto read = read_message(bytes, record_header);
    if (!read || (read->type != kClientHello && read->type != kServerHello)) {
        return std::nullopt;
    }
    Cursor message(read->body);
    const auto version = message.number(2);
    if (!version || (read->is_dtls ? !is_dtls_version(*version) : *version >> 8U != 3)) {
        return std::nullopt;
    }
    TlsHello hello;
    hello.from_client = read->type == kClientHello;
    message.take(kRandomLength);
    message.vector(1);  // session id
    if (hello.from_client) {
        if (read->is_dtls) {
            message.vector(1);  // cookie
        }
        message.vector(2);  // cipher suites
        message.vector(1);  // compression methods
    } else {
        hello.version = tls_version_name(static_cast<std::uint16_t>(*version));
        if (const auto suite = message.number(2)) {
            hello.cipher = tls_cipher_name(static_cast<std::uint16_t>(*suite));
        }
        message.take(1);  // compression method
    }
    read_extensions(message, hello);
    return hello;
}

TlsInfo to_tls_info(const TlsHello& hello) {
    TlsInfo info;
    info.sni = hello.sni;
    info.offered_alpn = hello.offered_alpn;
    info.version = hello.version;
    info.cipher = hello.cipher;
    info.alpn = hello.alpn;
    return info;
}

}  // namespace sslsniff
