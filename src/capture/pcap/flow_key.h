#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "model/connection.h"

namespace sslsniff {

/// Both endpoints of a flow, in an order that does not depend on the direction.
struct FlowKey {
    std::array<std::uint64_t, 4> addresses{};
    std::uint64_t domain = 0;  ///< see LayerSink
    std::uint32_t ports = 0;
    std::uint8_t protocol = 0;
    bool operator==(const FlowKey&) const = default;

    static FlowKey of(const Endpoint& a, const Endpoint& b, std::uint8_t protocol, std::uint64_t domain = 0) {
        const bool ordered =
            a.address.bytes != b.address.bytes ? a.address.bytes < b.address.bytes : a.port < b.port;
        const Endpoint& first = ordered ? a : b;
        const Endpoint& second = ordered ? b : a;
        FlowKey key;
        std::memcpy(key.addresses.data(), first.address.bytes.data(), 16);
        std::memcpy(key.addresses.data() + 2, second.address.bytes.data(), 16);
        key.ports = static_cast<std::uint32_t>(first.port) << 16 | second.port;
        key.protocol = protocol;
        key.domain = domain;
        return key;
    }
};

struct FlowKeyHash {
    std::size_t operator()(const FlowKey& key) const {
        std::uint64_t hash = (key.ports ^ key.domain) * 0x9E37'79B9'7F4A'7C15ULL + key.protocol;
        for (const std::uint64_t word : key.addresses) {
            hash = (hash ^ word) * 0xBF58'476D'1CE4'E5B9ULL;  // splitmix64's mixing
            hash ^= hash >> 29;
        }
        return static_cast<std::size_t>(hash);
    }
};

}  // namespace sslsniff
