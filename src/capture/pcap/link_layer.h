#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "capture/pcap/ip_packet.h"
#include "capture/pcap/packet_file.h"

namespace sslsniff {

/// Told what the frames of a capture carry.
class LayerSink {
  public:
    virtual ~LayerSink() = default;
    /// An IP packet. `domain` tells apart networks in which the same addresses mean other hosts (VLANs,
    /// VXLAN, Geneve and GRE by their numbers); 0 outside of all. `depth`: tunnels around it.
    virtual void on_network(ByteView packet, std::uint64_t domain, int depth) = 0;
    /// A frame that may carry IP and cannot be read. `why`: for people, "802.11 frames that are encrypted".
    virtual void on_unread(std::string_view why) = 0;
};

/// Takes off the link layer: Ethernet, PPP, 802.11 data, Linux cooked, raw and others by their LINKTYPE_
/// value (https://www.tcpdump.org/linktypes.html), and what may be between it and IP: 802.1Q and 802.1ad
/// tags, MPLS, PPPoE, LLC and SNAP. What carries no IP (ARP, spanning tree ...) is passed over.
void unwrap_frame(std::uint16_t link_type, ByteView frame, LayerSink& sink, std::uint64_t domain = 0,
                  int depth = 0);

/// Takes off a tunnel: IP in IP, 6in4, GRE with what is inside (PPTP, ERSPAN, bridged Ethernet), VXLAN,
/// Geneve, GTP-U. False when `packet`, which must not be a fragment, is none.
bool unwrap_tunnel(const IpPacket& packet, LayerSink& sink, std::uint64_t domain, int depth);

/// What an EtherType announces.
void unwrap_ether_type(std::uint16_t type, ByteView payload, LayerSink& sink, std::uint64_t domain,
                       int depth);
/// Behind PPP's protocol field begins here (RFC 1661 section 2).
void unwrap_ppp(ByteView bytes, LayerSink& sink, std::uint64_t domain, int depth);
/// IEEE 802.2: LLC, mostly with SNAP.
void unwrap_llc(ByteView bytes, LayerSink& sink, std::uint64_t domain, int depth);
/// A frame of IEEE 802.11 without radio header and FCS; `padded`: its header fills multiples of four bytes.
void unwrap_80211(ByteView frame, bool padded, LayerSink& sink, std::uint64_t domain, int depth);

/// More tunnels in each other are not followed.
inline constexpr int kMaxTunnels = 8;

constexpr std::uint64_t inner_domain(std::uint64_t domain, std::uint64_t kind, std::uint64_t number) {
    return (domain ^ (kind << 32U | number)) * 0x9E37'79B9'7F4A'7C15ULL + 1;
}

inline constexpr std::uint16_t kLinkEthernet = 1;

}  // namespace sslsniff
