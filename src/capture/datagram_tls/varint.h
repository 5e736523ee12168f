#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace sslsniff {

/// Takes a variable-length integer (RFC 9000 section 16) off the front; nullopt when it is cut short.
inline std::optional<std::uint64_t> take_quic_varint(ByteView& bytes) {
    if (bytes.empty()) {
        return std::nullopt;
    }
    const auto first = static_cast<unsigned char>(bytes[0]);
    const std::size_t size = std::size_t{1} << (first >> 6U);
    if (bytes.size() < size) {
        return std::nullopt;
    }
    std::uint64_t value = first & 0x3FU;
    for (const char byte : bytes.substr(1, size - 1)) {
        value = value << 8U | static_cast<unsigned char>(byte);
    }
    bytes.remove_prefix(size);
    return value;
}

}  // namespace sslsniff
