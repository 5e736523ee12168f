#include "output/json/json_string.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/text.h"

namespace sslsniff {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

constexpr std::uint64_t repeat(std::uint8_t octet) {
    return 0x0101'0101'0101'0101U * octet;
}

constexpr bool is_plain(unsigned char c) {
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

/// True when all eight octets of `word` are plain. With no high bit set, a subtraction of 1 sets it in octets
/// that were 0, and an addition of 1 in octets that were 0x7F; borrows only come from octets that fail
/// anyway.
constexpr bool all_plain(std::uint64_t word) {
    const std::uint64_t controls = word - repeat(0x20);
    const std::uint64_t quotes = (word ^ repeat('"')) - repeat(1);
    const std::uint64_t backslashes = (word ^ repeat('\\')) - repeat(1);
    const std::uint64_t deletes = word + repeat(1);
    return ((word | controls | quotes | backslashes | deletes) & repeat(0x80)) == 0;
}

/// Length of the longest prefix that stands for itself.
std::size_t plain_prefix(ByteView octets) {
    std::size_t at = 0;
    for (std::uint64_t word = 0; at + sizeof word <= octets.size(); at += sizeof word) {
        std::memcpy(&word, octets.data() + at, sizeof word);
        if (!all_plain(word)) {
            break;
        }
    }
    while (at < octets.size() && is_plain(static_cast<unsigned char>(octets[at]))) {
        ++at;
    }
    return at;
}

void append_escape(Bytes& out, std::uint32_t code_point) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    switch (code_point) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            out += "\\u";
            for (int shift = 12; shift >= 0; shift -= 4) {
                out += kDigits[code_point >> shift & 15];
            }
    }
}

}  // namespace

bool append_json_string(Bytes& out, ByteView octets) {
    bool well_formed = true;
    out += '"';
    while (!octets.empty()) {
        const std::size_t plain = plain_prefix(octets);
        out.append(octets.substr(0, plain));
        octets.remove_prefix(plain);
        if (octets.empty()) {
            break;
        }
        const CodePoint point = decode_utf8(octets);
        if (point.length == 0) {
            well_formed = false;
            out += kReplacement;
            octets.remove_prefix(1);
            continue;
        }
        if (is_dangerous(point.value) || point.value == '"' || point.value == '\\') {
            append_escape(out, point.value);
        } else {
            out.append(octets.substr(0, point.length));
        }
        octets.remove_prefix(point.length);
    }
    out += '"';
    return well_formed;
}

void append_json_text(Bytes& out, ByteView json) {
    while (!json.empty()) {
        const CodePoint point = decode_utf8(json);
        if (point.value < 0x20) {
            out += ' ';  // white space between tokens
        } else if (is_dangerous(point.value)) {
            append_escape(out, point.value);
        } else {
            out.append(json.substr(0, point.length));
        }
        json.remove_prefix(std::max<std::size_t>(point.length, 1));
    }
}

}  // namespace sslsniff
