#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sslsniff {
namespace {

struct CodePoint {
    std::uint32_t value = 0;
    std::size_t length = 0;  ///< 0: ill-formed
};

constexpr bool is_continuation(unsigned char c) {
    return (c & 0xC0) == 0x80;
}

/// Decodes the code point at the start of non-empty `octets` (RFC 3629 section 4).
CodePoint decode_utf8(ByteView octets) {
    const auto first = static_cast<unsigned char>(octets[0]);
    if (first < 0x80) {
        return {first, 1};
    }
    std::size_t length = 0;
    std::uint32_t value = 0;
    std::uint32_t minimum = 0;
    if ((first & 0xE0) == 0xC0) {
        length = 2, value = first & 0x1FU, minimum = 0x80;
    } else if ((first & 0xF0) == 0xE0) {
        length = 3, value = first & 0x0FU, minimum = 0x800;
    } else if ((first & 0xF8) == 0xF0) {
        length = 4, value = first & 0x07U, minimum = 0x10000;
    } else {
        return {};
    }
    if (octets.size() < length) {
        return {};
    }
    for (std::size_t i = 1; i < length; ++i) {
        const auto c = static_cast<unsigned char>(octets[i]);
        if (!is_continuation(c)) {
            return {};
        }
        value = value << 6 | (c & 0x3FU);
    }
    if (value < minimum || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
        return {};
    }
    return {value, length};
}

/// Characters that could drive a terminal or reorder what it shows (UAX 9 embeddings, overrides and
/// isolates).
constexpr bool is_dangerous(std::uint32_t c) {
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x200E || c == 0x200F ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

}  // namespace

std::size_t utf8_prefix(ByteView octets) {
    std::size_t at = 0;
    while (at < octets.size()) {
        const CodePoint point = decode_utf8(octets.substr(at));
        if (point.length == 0) {
            break;
        }
        at += point.length;
    }
    return at;
}

bool is_utf8(ByteView octets) {
    return utf8_prefix(octets) == octets.size();
}

std::string printable(ByteView octets, bool keep_newlines) {
    std::string out;
    out.reserve(octets.size());
    for (std::size_t at = 0; at < octets.size();) {
        const CodePoint point = decode_utf8(octets.substr(at));
        const std::size_t length = std::max<std::size_t>(point.length, 1);
        const bool kept = keep_newlines && (point.value == '\n' || point.value == '\t');
        if (point.length != 0 && (kept || !is_dangerous(point.value))) {
            out.append(octets.substr(at, length));
        } else {
            for (const char c : octets.substr(at, length)) {
                fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
            }
        }
        at += length;
    }
    return out;
}

std::string base64(ByteView octets) {
    static constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((octets.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < octets.size(); at += 3) {
        const ByteView group = octets.substr(at, 3);
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            bits = bits << 8 | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0U);
        }
        for (std::size_t i = 0; i < 4; ++i) {
            out += i <= group.size() ? kAlphabet[bits >> (18 - 6 * i) & 0x3F] : '=';
        }
    }
    return out;
}

std::string human_size(std::uint64_t bytes) {
    static constexpr std::array kUnits{"", "k", "M", "G", "T", "P", "E"};
    if (bytes < 1000) {
        return fmt::format("{}", bytes);
    }
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    // 999.5 would print as 1000
    while (value >= 999.5 && unit + 1 < kUnits.size()) {
        value /= 1000;
        ++unit;
    }
    return value < 9.95 ? fmt::format("{:.1f}{}", value, kUnits[unit])
                        : fmt::format("{:.0f}{}", value, kUnits[unit]);
}

std::string human_duration(std::int64_t nanoseconds) {
    const auto microseconds = std::max<std::int64_t>(nanoseconds, 0) / 1000;
    const auto value = static_cast<double>(microseconds);
    if (microseconds < 1000) {
        return fmt::format("{}us", microseconds);
    }
    if (microseconds < 100'000) {
        return fmt::format("{:.1f}ms", value / 1e3);
    }
    if (microseconds < 1'000'000) {
        return fmt::format("{:.0f}ms", value / 1e3);
    }
    if (microseconds < 60'000'000) {
        return fmt::format("{:.2f}s", value / 1e6);
    }
    const auto seconds = microseconds / 1'000'000;
    if (seconds < 3600) {
        return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
    }
    return fmt::format("{}h{:02}m", seconds / 3600, seconds / 60 % 60);
}

namespace {
constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
}  // namespace

std::string to_lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), lower);
    return out;
}

bool equals_ignore_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace sslsniff
