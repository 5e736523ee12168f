#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "model/connection.h"

namespace sslsniff {

/// An IP packet or fragment, headers read. Views into the packet given.
struct IpPacket {
    IpAddress source;
    IpAddress destination;
    std::uint8_t protocol = 0;  ///< of `payload`: IANA protocol number, after IPv6 extension headers
    ByteView payload;           ///< as far as captured
    std::size_t length = 0;     ///< of the payload on the wire
    struct Fragment {
        std::uint32_t identification = 0;
        std::size_t offset = 0;  ///< of `payload` in the whole, bytes
        bool more = false;
    };
    std::optional<Fragment> fragment;  ///< absent when this is the whole packet
    std::uint64_t domain = 0;          ///< of the network it passed, see LayerSink; not read from the packet
};

/// Reads IPv4 or IPv6, by the version field; nullopt when the headers are cut or contradict themselves.
std::optional<IpPacket> parse_ip_packet(ByteView bytes);

inline constexpr std::uint8_t kProtocolTcp = 6;
inline constexpr std::uint8_t kProtocolUdp = 17;

}  // namespace sslsniff
