#include "protocols/dns/name.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/text.h"

namespace sslsniff::dns {
namespace {

constexpr bool is_printable(char c) {
    return c > ' ' && c < 0x7F;
}

void append_utf8(std::string& out, std::uint32_t c) {
    const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
    if (c < 0x80) {
        byte(c);
    } else if (c < 0x800) {
        byte(0xC0 | c >> 6), byte(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        byte(0xE0 | c >> 12), byte(0x80 | (c >> 6 & 0x3F)), byte(0x80 | (c & 0x3F));
    } else {
        byte(0xF0 | c >> 18), byte(0x80 | (c >> 12 & 0x3F)), byte(0x80 | (c >> 6 & 0x3F)),
            byte(0x80 | (c & 0x3F));
    }
}

// Parameters of RFC 3492 section 5.
constexpr std::uint32_t kBase = 36;
constexpr std::uint32_t kTMin = 1;
constexpr std::uint32_t kTMax = 26;
constexpr std::uint32_t kSkew = 38;
constexpr std::uint32_t kDamp = 700;

std::uint32_t adapt(std::uint32_t delta, std::uint32_t points, bool first) {
    delta = first ? delta / kDamp : delta / 2;
    delta += delta / points;
    std::uint32_t k = 0;
    for (; delta > (kBase - kTMin) * kTMax / 2; k += kBase) {
        delta /= kBase - kTMin;
    }
    return k + (kBase - kTMin + 1) * delta / (delta + kSkew);
}

std::uint32_t digit_of(char c) {
    if (c >= '0' && c <= '9') {
        return static_cast<std::uint32_t>(c - '0') + 26;
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'z' ? static_cast<std::uint32_t>(lower - 'a') : kBase;
}

/// Decodes Punycode (RFC 3492 section 6.2). A label has at most 59 bytes of it, so nothing overflows that
/// is not refused for exceeding Unicode first.
std::optional<std::string> from_punycode(ByteView text) {
    std::vector<std::uint32_t> points;
    if (const std::size_t delimiter = text.rfind('-'); delimiter != ByteView::npos) {
        points.assign(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(delimiter));
        text.remove_prefix(delimiter + 1);
    }
    std::uint64_t point = 0x80;
    std::uint64_t index = 0;
    std::uint32_t bias = 72;
    while (!text.empty()) {
        const std::uint64_t before = index;
        std::uint64_t weight = 1;
        for (std::uint32_t k = kBase;; k += kBase) {
            const std::uint32_t digit = text.empty() ? kBase : digit_of(text.front());
            if (digit >= kBase || weight > UINT32_MAX) {
                return std::nullopt;
            }
            text.remove_prefix(1);
            index += digit * weight;
            const std::uint32_t threshold = k <= bias ? kTMin : k >= bias + kTMax ? kTMax : k - bias;
            if (digit < threshold) {
                break;
            }
            weight *= kBase - threshold;
        }
        const std::uint64_t count = points.size() + 1;
        point += index / count;
        if (index > UINT32_MAX || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) {
            return std::nullopt;
        }
        bias =
            adapt(static_cast<std::uint32_t>(index - before), static_cast<std::uint32_t>(count), before == 0);
        index %= count;
        points.insert(points.begin() + static_cast<std::ptrdiff_t>(index), static_cast<std::uint32_t>(point));
        ++index;
    }
    std::string out;
    for (const std::uint32_t c : points) {
        append_utf8(out, c);
    }
    return out;
}

/// A label's bytes from its presentation form.
std::string unescape(ByteView label) {
    std::string out;
    for (std::size_t at = 0; at < label.size(); ++at) {
        if (label[at] != '\\' || at + 1 >= label.size()) {
            out += label[at];
        } else if (label[at + 1] >= '0' && label[at + 1] <= '9' && at + 3 < label.size()) {
            out += static_cast<char>((label[at + 1] - '0') * 100 + (label[at + 2] - '0') * 10 +
                                     label[at + 3] - '0');
            at += 3;
        } else {
            out += label[++at];
        }
    }
    return out;
}

/// Length of the first label in presentation form.
std::size_t label_length(ByteView name) {
    std::size_t at = 0;
    while (at < name.size() && name[at] != '.') {
        at += name[at] == '\\' ? 2 : 1;
    }
    return std::min(at, name.size());
}

}  // namespace

void append_label(std::string& out, ByteView label) {
    for (const char c : label) {
        if (!is_printable(c)) {
            fmt::format_to(std::back_inserter(out), "\\{:03}", static_cast<unsigned char>(c));
        } else {
            if (c == '.' || c == '\\') {
                out += '\\';
            }
            out += c;
        }
    }
}

std::string quoted(ByteView bytes) {
    std::string out = "\"";
    for (const char c : bytes) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (is_printable(c) || c == ' ') {
            out += c;
        } else {
            fmt::format_to(std::back_inserter(out), "\\{:03}", static_cast<unsigned char>(c));
        }
    }
    return out + '"';
}

std::string hex(ByteView bytes) {
    std::string out;
    for (const char c : bytes) {
        fmt::format_to(std::back_inserter(out), "{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

std::string base32hex(ByteView bytes) {
    static constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuv";
    std::string out;
    std::uint32_t bits = 0;
    int held = 0;
    for (const char c : bytes) {
        bits = bits << 8 | static_cast<unsigned char>(c);
        for (held += 8; held >= 5; held -= 5) {
            out += kDigits[bits >> (held - 5) & 31];
        }
    }
    if (held > 0) {
        out += kDigits[bits << (5 - held) & 31];
    }
    return out;
}

std::string unicode_name(const std::string& name) {
    if (name.find('\\') == std::string::npos && to_lower(name).find("xn--") == std::string::npos) {
        return {};
    }
    std::string out;
    bool changed = false;
    for (ByteView left = name; !left.empty();) {
        const std::size_t length = label_length(left);
        const ByteView label = left.substr(0, length);
        left.remove_prefix(std::min(length + 1, left.size()));
        out += out.empty() ? "" : ".";
        std::optional<std::string> decoded;
        if (equals_ignore_case(label.substr(0, 4), "xn--")) {
            decoded = from_punycode(label.substr(4));
        } else if (label.find('\\') != ByteView::npos) {
            decoded = unescape(label);
        }
        // A dot or control character inside a label would show another name than it is.
        if (decoded && is_utf8(*decoded) && decoded->find('.') == std::string::npos &&
            printable(*decoded) == *decoded) {
            out += *decoded;
            changed = true;
        } else {
            out += label;
        }
    }
    return changed ? out : std::string{};
}

}  // namespace sslsniff::dns
