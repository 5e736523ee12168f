#include "output/json/json_string.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/text.h"

namespace sslsniff {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

constexpr std::size_t kBlock = 32;  // octets looked at together: compilers turn the loop into vector code

/// 1 for an octet that does not stand for itself, 0 for one that does. Without branches.
constexpr unsigned char is_special(unsigned char c) {
    return static_cast<unsigned char>((c < 0x20) | (c >= 0x7F) | (c == '"') | (c == '\\'));
}

bool is_plain_block(const char* octets) {
    unsigned char special = 0;
    for (std::size_t i = 0; i < kBlock; i++) {
        special |= is_special(static_cast<unsigned char>(octets[i]));
    }
    return special == 0;
}

/// Length of the longest prefix that stands for itself.
std::size_t plain_prefix(ByteView octets) {
    std::size_t at = 0;
    while (at + kBlock <= octets.size() && is_plain_block(octets.data() + at)) {
        at += kBlock;
    }
    while (at < octets.size() && is_special(static_cast<unsigned char>(octets[at])) == 0) {
        ++at;
    }
    return at;
}

void append_escape(JsonBuffer& out, std::uint32_t code_point) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    switch (code_point) {
        case '"':
            append(out, "\\\"");
            return;
        case '\\':
            append(out, "\\\\");
            return;
        case '\n':
            append(out, "\\n");
            return;
        case '\r':
            append(out, "\\r");
            return;
        case '\t':
            append(out, "\\t");
            return;
        default:
            append(out, "\\u");
            for (int shift = 12; shift >= 0; shift -= 4) {
                out.push_back(kDigits[code_point >> shift & 15]);
            }
    }
}

}  // namespace

bool append_json_string(JsonBuffer& out, ByteView octets) {
    bool well_formed = true;
    out.push_back('"');
    while (!octets.empty()) {
        const std::size_t plain = plain_prefix(octets);
        append(out, octets.substr(0, plain));
        octets.remove_prefix(plain);
        if (octets.empty()) {
            break;
        }
        const CodePoint point = decode_utf8(octets);
        if (point.length == 0) {
            well_formed = false;
            append(out, kReplacement);
            octets.remove_prefix(1);
            continue;
        }
        if (is_dangerous(point.value) || point.value == '"' || point.value == '\\') {
            append_escape(out, point.value);
        } else {
            append(out, octets.substr(0, point.length));
        }
        octets.remove_prefix(point.length);
    }
    out.push_back('"');
    return well_formed;
}

void append_json_text(JsonBuffer& out, ByteView json) {
    while (!json.empty()) {
        const CodePoint point = decode_utf8(json);
        if (point.value < 0x20) {
            out.push_back(' ');  // white space between tokens
        } else if (is_dangerous(point.value)) {
            append_escape(out, point.value);
        } else {
            append(out, json.substr(0, point.length));
        }
        json.remove_prefix(std::max<std::size_t>(point.length, 1));
    }
}

}  // namespace sslsniff
