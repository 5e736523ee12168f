#include "output/json/json_string.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/text.h"

namespace sslsniff {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

constexpr std::size_t kBlock = 32;  // bytes looked at together: compilers turn the loop into vector code

/// 1 for a byte that does not stand for itself, 0 for one that does. Without branches.
constexpr unsigned char is_special(unsigned char c) {
    return static_cast<unsigned char>((c < 0x20) | (c >= 0x7F) | (c == '"') | (c == '\\'));
}

bool is_plain_block(const char* bytes) {
    unsigned char special = 0;
    for (std::size_t i = 0; i < kBlock; i++) {
        special |= is_special(static_cast<unsigned char>(bytes[i]));
    }
    return special == 0;
}

/// Length of the longest prefix that stands for itself.
std::size_t plain_prefix(ByteView bytes) {
    std::size_t at = 0;
    while (at + kBlock <= bytes.size() && is_plain_block(bytes.data() + at)) {
        at += kBlock;
    }
    while (at < bytes.size() && is_special(static_cast<unsigned char>(bytes[at])) == 0) {
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

bool append_json_string(JsonBuffer& out, ByteView bytes) {
    bool well_formed = true;
    out.push_back('"');
    while (!bytes.empty()) {
        const std::size_t plain = plain_prefix(bytes);
        append(out, bytes.substr(0, plain));
        bytes.remove_prefix(plain);
        if (bytes.empty()) {
            break;
        }
        const CodePoint point = decode_utf8(bytes);
        if (point.length == 0) {
            well_formed = false;
            append(out, kReplacement);
            bytes.remove_prefix(1);
            continue;
        }
        if (is_dangerous(point.value) || point.value == '"' || point.value == '\\') {
            append_escape(out, point.value);
        } else {
            append(out, bytes.substr(0, point.length));
        }
        bytes.remove_prefix(point.length);
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
