#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace sslsniff {

/// Appends `value` in network order.
template <std::unsigned_integral T>
void append_be(Bytes& out, T value) {
    for (std::size_t i = sizeof(T); i-- > 0;) {
        out.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i)));
    }
}

/// Appends `value` in little-endian order.
template <std::unsigned_integral T>
void append_le(Bytes& out, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        out.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i)));
    }
}

/// Reads at `offset`, which must leave sizeof(T) bytes.
template <std::unsigned_integral T>
constexpr T load_be(ByteView bytes, std::size_t offset = 0) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        value = value << 8 | static_cast<std::uint8_t>(bytes[offset + i]);
    }
    return static_cast<T>(value);
}

template <std::unsigned_integral T>
constexpr T load_le(ByteView bytes, std::size_t offset = 0) {
    std::uint64_t value = 0;
    for (std::size_t i = sizeof(T); i-- > 0;) {
        value = value << 8 | static_cast<std::uint8_t>(bytes[offset + i]);
    }
    return static_cast<T>(value);
}

}  // namespace sslsniff
