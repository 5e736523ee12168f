#include "output/otlp/trace_context.h"

#include <algorithm>
#include <cstddef>
#include <span>

namespace sslsniff {
namespace {

/// Lower case alone is allowed.
std::optional<std::uint8_t> digit(char c) {
    if (c >= '0' && c <= '9') {
        return static_cast<std::uint8_t>(c - '0');
    }
    constexpr std::uint8_t kTen = 10;
    return c >= 'a' && c <= 'f' ? std::optional(static_cast<std::uint8_t>(c - 'a' + kTen)) : std::nullopt;
}

bool parse_hex(std::string_view text, std::span<std::uint8_t> out) {
    for (std::size_t i = 0; i < out.size(); ++i) {
        const auto high = digit(text[2 * i]);
        const auto low = digit(text[2 * i + 1]);
        if (!high || !low) {
            return false;
        }
        out[i] = static_cast<std::uint8_t>(*high << 4U | *low);
    }
    return true;
}

bool is_zero(std::span<const std::uint8_t> id) {
    return std::ranges::all_of(id, [](std::uint8_t byte) { return byte == 0; });
}

template <class Id>
Id random_id(std::mt19937_64& random) {
    Id id{};
    while (is_zero(id)) {
        std::uint64_t word = 0;
        for (std::size_t i = 0; i < id.size(); ++i) {
            word = i % sizeof(word) == 0 ? random() : word >> 8U;
            id[i] = static_cast<std::uint8_t>(word);
        }
    }
    return id;
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

TraceId SpanIds::trace() {
    return random_id<TraceId>(random_);
}

SpanId SpanIds::span() {
    return random_id<SpanId>(random_);
}

}  // namespace sslsniff
