#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "model/connection.h"

namespace sslsniff {

/// The largest TCP and UDP payloads a packet holds: 65535 bytes less the headers without options, the total
/// length of an IPv4 packet being the tighter of the two families.
inline constexpr std::size_t kMaxTcpPayload = 65'475;
inline constexpr std::size_t kMaxUdpPayload = 65'487;

/// Flags of a TCP header (RFC 9293 section 3.1).
enum TcpFlag : std::uint8_t {
    tcp_fin = 0x01,
    tcp_syn = 0x02,
    tcp_rst = 0x04,
    tcp_psh = 0x08,
    tcp_ack = 0x10
};

struct TcpSegment {
    Endpoint source;
    Endpoint destination;  ///< of the same family as `source`
    std::uint32_t sequence = 0;
    std::uint32_t acknowledgment = 0;
    std::uint8_t flags = 0;  ///< of TcpFlag; with tcp_syn, the usual options are added
    bool to_server = true;   ///< chooses the Ethernet addresses
};

/// Ethernet, IP and TCP headers for `payload` (all pieces together at most kMaxTcpPayload bytes), with valid
/// checksums.
Bytes tcp_headers(const TcpSegment& segment, std::span<const ByteView> payload);

/// The same for a datagram of at most kMaxUdpPayload bytes.
Bytes udp_headers(const Endpoint& source, const Endpoint& destination, bool to_server, ByteView payload);

}  // namespace sslsniff
