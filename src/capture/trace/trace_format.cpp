#include "capture/trace/trace_format.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <cstring>
#include <iterator>

#include "base/number.h"

namespace sslsniff {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

/// What stands for one byte.
struct Escape {
    std::array<char, 4> text{};
    std::uint8_t length = 0;
};
using EscapeTable = std::array<Escape, 256>;

constexpr EscapeTable make_escapes(bool quoted) {
    EscapeTable table{};
    for (std::size_t byte = 0; byte < table.size(); ++byte) {
        const char c = static_cast<char>(byte);
        if (byte >= 0x20 && byte < 0x7F) {
            table[byte] = {{c}, 1};
        } else {
            table[byte] = {{'\\', 'x', kHexDigits[byte >> 4], kHexDigits[byte & 15]}, 4};
        }
    }
    table['\r'] = {{'\\', 'r'}, 2};
    table['\n'] = {{'\\', 'n'}, 2};
    table['\t'] = {{'\\', 't'}, 2};
    table['\\'] = {{'\\', '\\'}, 2};
    if (quoted) {
        table['"'] = {{'\\', '"'}, 2};
    }
    return table;
}
constexpr EscapeTable kPayloadEscapes = make_escapes(false);
constexpr EscapeTable kQuotedEscapes = make_escapes(true);

constexpr int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// Decodes the escape at `in` and moves past it; false when it is malformed.
bool take_escape(const char*& in, const char* end, char*& out) {
    if (end - in < 2) {
        return false;
    }
    switch (in[1]) {
        case 'r':
            *out++ = '\r';
            break;
        case 'n':
            *out++ = '\n';
            break;
        case 't':
            *out++ = '\t';
            break;
        case '\\':
        case '"':
            *out++ = in[1];
            break;
        case 'x': {
            const int high = end - in >= 4 ? hex_value(in[2]) : -1;
            const int low = end - in >= 4 ? hex_value(in[3]) : -1;
            if (high < 0 || low < 0) {
                return false;
            }
            *out++ = static_cast<char>(high << 4 | low);
            in += 2;
            break;
        }
        default:
            return false;
    }
    in += 2;
    return true;
}

/// Takes a number up to `terminator` (or the end, when that is NUL) off the front of `text`.
template <class T>
bool take_number(std::string_view& text, T& value, char terminator, int base = 10) {
    const std::size_t length = terminator == '\0' ? text.size() : text.find(terminator);
    if (length == std::string_view::npos) {
        return false;
    }
    const auto number = parse_number<T>(text.substr(0, length), base);
    if (!number) {
        return false;
    }
    value = *number;
    text.remove_prefix(terminator == '\0' ? length : length + 1);
    return true;
}

}  // namespace

void append_escaped(Bytes& out, ByteView bytes, bool quoted) {
    const EscapeTable& table = quoted ? kQuotedEscapes : kPayloadEscapes;
    const std::size_t before = out.size();
    out.resize_and_overwrite(before + bytes.size() * 4, [&](char* data, std::size_t) {
        char* at = data + before;
        for (const char c : bytes) {
            const Escape& escape = table[static_cast<unsigned char>(c)];
            std::memcpy(at, escape.text.data(), escape.text.size());
            at += escape.length;
        }
        return static_cast<std::size_t>(at - data);
    });
}

bool append_unescaped(Bytes& out, ByteView text) {
    const std::size_t before = out.size();
    bool well_formed = true;
    out.resize_and_overwrite(before + text.size(), [&](char* data, std::size_t) {
        char* at = data + before;
        const char* in = text.data();
        const char* const end = in + text.size();
        while (in != end && well_formed) {
            if (*in == '\\') {
                well_formed = take_escape(in, end, at);
                continue;
            }
            const auto left = static_cast<std::size_t>(end - in);
            const void* escape = std::memchr(in, '\\', left);
            const std::size_t run =
                escape != nullptr ? static_cast<std::size_t>(static_cast<const char*>(escape) - in) : left;
            std::memcpy(at, in, run);
            at += run;
            in += run;
        }
        return static_cast<std::size_t>(at - data);
    });
    return well_formed;
}

void append_connection(Bytes& out, const ConnectionId& id) {
    fmt::format_to(std::back_inserter(out), "{}.{}", id.pid, id.generation);
    if (id.start_time != 0 || id.handle != 0) {
        fmt::format_to(std::back_inserter(out), "@{}/{:#x}", id.start_time, id.handle);
    }
}

std::optional<ConnectionId> parse_connection(std::string_view text) {
    ConnectionId id;
    const auto at = text.find('@');
    std::string_view name = text.substr(0, at);
    bool valid = take_number(name, id.pid, '.') && take_number(name, id.generation, '\0');
    if (at != std::string_view::npos) {
        std::string_view rest = text.substr(at + 1);
        valid = valid && take_number(rest, id.start_time, '/') && rest.starts_with("0x");
        rest.remove_prefix(valid ? 2 : rest.size());
        valid = valid && take_number(rest, id.handle, '\0', 16);
    }
    return valid ? std::optional(id) : std::nullopt;
}

void append_process(Bytes& out, const ProcessKey& key) {
    fmt::format_to(std::back_inserter(out), "{}", key.pid);
    if (key.start_time != 0) {
        fmt::format_to(std::back_inserter(out), "@{}", key.start_time);
    }
}

std::optional<ProcessKey> parse_process(std::string_view text) {
    ProcessKey key;
    const bool started = text.find('@') != std::string_view::npos;
    const bool valid = started ? take_number(text, key.pid, '@') && take_number(text, key.start_time, '\0')
                               : take_number(text, key.pid, '\0');
    return valid ? std::optional(key) : std::nullopt;
}

void append_endpoint(Bytes& out, const Endpoint& endpoint) {
    if (endpoint.address.family != IpAddress::Family::v6) {
        out += to_string(endpoint);
        return;
    }
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(AF_INET6, endpoint.address.bytes.data(), text.data(), text.size());
    fmt::format_to(std::back_inserter(out), "[{}]:{}", text.data(), endpoint.port);
}

}  // namespace sslsniff
