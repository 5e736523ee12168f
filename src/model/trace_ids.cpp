#include "model/trace_ids.h"

#include <algorithm>
#include <cstddef>
#include <span>

namespace sslsniff {
namespace {

constexpr std::uint8_t kNoDigit = 0xFF;

/// Values of hexadecimal digits: lower case alone is allowed.
constexpr std::array<std::uint8_t, 256> kDigits = [] {
    std::array<std::uint8_t, 256> digits{};
    digits.fill(kNoDigit);
    constexpr std::string_view kAll = "0123456789abcdef";
    for (std::size_t i = 0; i < kAll.size(); ++i) {
        digits.at(static_cast<unsigned char>(kAll[i])) = static_cast<std::uint8_t>(i);
    }
    return digits;
}();

bool parse_hex(std::string_view text, std::span<std::uint8_t> out) {
    unsigned wrong = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
        const unsigned high = kDigits[static_cast<unsigned char>(text[2 * i])];
        const unsigned low = kDigits[static_cast<unsigned char>(text[2 * i + 1])];
        wrong |= high | low;
        out[i] = static_cast<std::uint8_t>(high << 4U | low);
    }
    return wrong <= 0xF;
}

bool is_zero(std::span<const std::uint8_t> id) {
    return std::ranges::all_of(id, [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

std::optional<TraceParent> parse_traceparent(std::string_view value) {
    constexpr std::size_t kLength = 55;  // 00-TRACE-SPAN-FLAGS
    constexpr std::size_t kTrace = 3;
    constexpr std::size_t kSpan = 36;
    constexpr std::size_t kFlags = 53;
    constexpr std::uint8_t kInvalid = 0xFF;
    if (value.size() < kLength || value[kTrace - 1] != '-' || value[kSpan - 1] != '-' ||
        value[kFlags - 1] != '-') {
        return std::nullopt;
    }
    std::array<std::uint8_t, 1> version{};
    std::array<std::uint8_t, 1> flags{};
    TraceParent parent;
    if (!parse_hex(value, version) || !parse_hex(value.substr(kTrace), parent.trace) ||
        !parse_hex(value.substr(kSpan), parent.span) || !parse_hex(value.substr(kFlags), flags)) {
        return std::nullopt;
    }
    const bool has_more = value.size() > kLength;
    if (version[0] == kInvalid || (has_more && (version[0] == 0 || value[kLength] != '-')) ||
        is_zero(parent.trace) || is_zero(parent.span)) {
        return std::nullopt;
    }
    parent.flags = flags[0];
    return parent;
}

std::optional<TraceId> parse_b3(std::string_view value) {
    constexpr std::size_t kShort = 16;  // digits of an id with 64 bits
    constexpr std::size_t kLong = 32;
    const std::string_view digits = value.substr(0, value.find('-'));
    TraceId id{};
    if (digits.size() != kShort && digits.size() != kLong) {
        return std::nullopt;
    }
    const std::span<std::uint8_t> bytes = std::span(id).last(digits.size() / 2);
    return parse_hex(digits, bytes) && !is_zero(bytes) ? std::optional(id) : std::nullopt;
}

}  // namespace sslsniff
