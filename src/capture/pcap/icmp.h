#pragma once

#include <cstdint>
#include <optional>

#include "capture/pcap/ip_packet.h"
#include "model/event.h"

namespace sslsniff {

/// A TCP segment that did not arrive, as an ICMP message tells its sender.
struct Unreachable {
    Endpoint source;  ///< of the segment
    Endpoint destination;
    std::uint64_t domain = 0;
    std::uint32_t sequence = 0;
    CloseReason reason = CloseReason::timed_out;  ///< what its sender's connect() ends with
};

/// Reads Destination Unreachable (RFC 792, RFC 4443 section 3.1) about TCP; nullopt for anything else, and
/// for what asks for smaller packets.
std::optional<Unreachable> parse_unreachable(const IpPacket& packet);

inline constexpr std::uint8_t kProtocolIcmp = 1;
inline constexpr std::uint8_t kProtocolIcmpV6 = 58;

}  // namespace sslsniff
