#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sslsniff {
namespace {

constexpr bool is_continuation(unsigned char c) {
    return (c & 0xC0) == 0x80;
}

/// Bytes of the code point that begins with `first`; 0 when none does.
constexpr std::size_t utf8_length(unsigned char first) {
    return first < 0x80             ? 1
           : (first & 0xE0) == 0xC0 ? 2
           : (first & 0xF0) == 0xE0 ? 3
           : (first & 0xF8) == 0xF0 ? 4
                                    : 0;
}

}  // namespace

CodePoint decode_utf8(ByteView bytes) {
    const auto first = static_cast<unsigned char>(bytes[0]);
    if (first < 0x80) {
        return {first, 1};
    }
    static constexpr std::array<std::uint32_t, 5> kMinimum{0, 0, 0x80, 0x800, 0x10000};
    const std::size_t length = utf8_length(first);
    if (length == 0 || bytes.size() < length) {
        return {};
    }
    std::uint32_t value = first & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        const auto c = static_cast<unsigned char>(bytes[i]);
        if (!is_continuation(c)) {
            return {};
        }
        value = value << 6 | (c & 0x3FU);
    }
    if (value < kMinimum[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
        return {};
    }
    return {value, length};
}

std::size_t utf8_prefix(ByteView bytes) {
    std::size_t at = 0;
    while (at < bytes.size()) {
        const CodePoint point = decode_utf8(bytes.substr(at));
        if (point.length == 0) {
            break;
        }
        at += point.length;
    }
    return at;
}

bool is_utf8(ByteView bytes) {
    return utf8_prefix(bytes) == bytes.size();
}

std::size_t without_cut_code_point(ByteView bytes) {
    const std::size_t size = bytes.size();
    for (std::size_t back = 1; back <= std::min<std::size_t>(size, 3); ++back) {
        const auto c = static_cast<unsigned char>(bytes[size - back]);
        if (!is_continuation(c)) {
            return utf8_length(c) > back ? size - back : size;
        }
    }
    return size;
}

ByteView prefix_of(ByteView bytes, std::size_t size) {
    const ByteView prefix = bytes.substr(0, size);
    return prefix.size() == bytes.size() ? bytes : prefix.substr(0, without_cut_code_point(prefix));
}

namespace {

/// By hand: a peer chooses how many of them there are.
void append_hex(std::string& out, unsigned char c) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    const std::array<char, 4> escaped{'\\', 'x', kDigits[c >> 4U], kDigits[c & 0xFU]};
    out.append(escaped.data(), escaped.size());
}

/// Every code point as it is unless it is dangerous or `is_escaped(code point, what follows)`.
template <class IsEscaped>
std::string escape(ByteView bytes, IsEscaped is_escaped) {
    std::string out;
    out.reserve(bytes.size());
    for (std::size_t at = 0; at < bytes.size();) {
        const CodePoint point = decode_utf8(bytes.substr(at));
        const std::size_t length = std::max<std::size_t>(point.length, 1);
        if (point.length != 0 && !is_escaped(point.value, bytes.substr(at + length))) {
            out.append(bytes.substr(at, length));
        } else {
            for (const char c : bytes.substr(at, length)) {
                append_hex(out, static_cast<unsigned char>(c));
            }
        }
        at += length;
    }
    return out;
}

}  // namespace

std::string printable(ByteView bytes, bool keep_newlines) {
    return escape(bytes, [keep_newlines](std::uint32_t c, ByteView next) {
        const bool kept = keep_newlines && (c == '\n' || c == '\t');
        return (!kept && is_dangerous(c)) || (c == '\\' && next.starts_with('x'));
    });
}

std::string printable_notation(ByteView bytes) {
    return escape(bytes, [](std::uint32_t c, ByteView) { return is_dangerous(c); });
}

std::string base64(ByteView bytes) {
    static constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out((bytes.size() + 2) / 3 * 4, '=');
    char* at = out.data();
    const auto byte = [&](std::size_t i) { return std::uint32_t{static_cast<unsigned char>(bytes[i])}; };
    std::size_t i = 0;
    for (; i + 3 <= bytes.size(); i += 3) {
        const std::uint32_t bits = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
        *at++ = kAlphabet[bits >> 18];
        *at++ = kAlphabet[bits >> 12 & 0x3F];
        *at++ = kAlphabet[bits >> 6 & 0x3F];
        *at++ = kAlphabet[bits & 0x3F];
    }
    if (i == bytes.size()) {
        return out;
    }
    const bool two = bytes.size() - i == 2;
    const std::uint32_t bits = byte(i) << 16 | (two ? byte(i + 1) << 8 : 0U);
    *at++ = kAlphabet[bits >> 18];
    *at++ = kAlphabet[bits >> 12 & 0x3F];
    if (two) {
        *at = kAlphabet[bits >> 6 & 0x3F];
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
