#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "model/connection.h"

namespace sslsniff {

/// 127.0.0.0/8 (RFC 1122 section 3.2.1.3) or ::1 (RFC 4291 section 2.5.3).
constexpr bool is_loopback(const IpAddress& address) {
    constexpr std::uint8_t kLoopbackNet = 127;
    if (address.family == IpAddress::Family::v4) {
        return address.bytes[0] == kLoopbackNet;
    }
    const std::span bytes(address.bytes);
    return address.family == IpAddress::Family::v6 && bytes.back() == 1 &&
           std::ranges::all_of(bytes.first(bytes.size() - 1), [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace sslsniff
