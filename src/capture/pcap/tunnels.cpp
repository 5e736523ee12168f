// Packets inside of IP packets.

#include <algorithm>

#include "base/endian.h"
#include "capture/pcap/link_layer.h"

namespace sslsniff {
namespace {

constexpr std::uint8_t kProtocolIpip = 4;
constexpr std::uint8_t kProtocolIpv6 = 41;
constexpr std::uint8_t kProtocolGre = 47;
constexpr std::uint64_t kVxlanDomain = 2;
constexpr std::uint64_t kGeneveDomain = 3;
constexpr std::uint64_t kGreDomain = 4;

std::uint8_t byte(ByteView bytes, std::size_t at) {
    return static_cast<std::uint8_t>(bytes[at]);
}

/// RFC 2784, RFC 2890; version 1: RFC 2637.
void unwrap_gre(ByteView bytes, LayerSink& sink, std::uint64_t domain, int depth) {
    if (bytes.size() < 4) {
        return;
    }
    const unsigned flags = load_be<std::uint16_t>(bytes);
    const auto type = load_be<std::uint16_t>(bytes, 2);
    const bool checksum = (flags & 0x8000U) != 0;
    const bool routing = (flags & 0x4000U) != 0;
    const bool key = (flags & 0x2000U) != 0;
    const bool sequence = (flags & 0x1000U) != 0;
    const bool pptp = (flags & 7U) == 1;
    const bool acknowledgment = pptp && (flags & 0x80U) != 0;
    const std::size_t key_at = 4 + (checksum || routing ? 4 : 0);
    const std::size_t size = key_at + (key ? 4 : 0) + (sequence ? 4 : 0) + (acknowledgment ? 4 : 0);
    if (routing) {
        sink.on_unread("GRE with routing is not supported");
        return;
    }
    if (bytes.size() <= size) {
        return;
    }
    constexpr std::uint16_t kErspan = 0x88BE;
    constexpr std::uint16_t kErspan3 = 0x22EB;
    const ByteView payload = bytes.substr(size);
    if (type == kErspan) {  // type I has no header, and no sequence number
        unwrap_frame(kLinkEthernet, payload.substr(std::min<std::size_t>(sequence ? 8 : 0, payload.size())),
                     sink, domain, depth);
    } else if (type == kErspan3) {
        const bool more = payload.size() >= 12 && (byte(payload, 11) & 1U) != 0;
        unwrap_frame(kLinkEthernet, payload.substr(std::min<std::size_t>(more ? 20 : 12, payload.size())),
                     sink, domain, depth);
    } else {
        // The two directions of PPTP have call numbers of their own.
        const std::uint64_t inner =
            key && !pptp ? inner_domain(domain, kGreDomain, load_be<std::uint32_t>(bytes, key_at)) : domain;
        unwrap_ether_type(type, payload, sink, inner, depth);
    }
}

/// RFC 7348 section 5.
bool unwrap_vxlan(ByteView bytes, LayerSink& sink, std::uint64_t domain, int depth) {
    constexpr std::size_t kHeader = 8;
    if (bytes.size() < kHeader || (byte(bytes, 0) & 0x08U) == 0) {
        return false;
    }
    const std::uint32_t network = load_be<std::uint32_t>(bytes, 4) >> 8U;
    unwrap_frame(kLinkEthernet, bytes.substr(kHeader), sink, inner_domain(domain, kVxlanDomain, network),
                 depth);
    return true;
}

/// RFC 8926 section 3.4.
bool unwrap_geneve(ByteView bytes, LayerSink& sink, std::uint64_t domain, int depth) {
    constexpr std::size_t kHeader = 8;
    if (bytes.size() < kHeader || byte(bytes, 0) >> 6U != 0) {
        return false;
    }
    const std::size_t size = kHeader + (byte(bytes, 0) & 0x3FU) * 4;
    const std::uint32_t network = load_be<std::uint32_t>(bytes, 4) >> 8U;
    if (bytes.size() > size) {
        unwrap_ether_type(load_be<std::uint16_t>(bytes, 2), bytes.substr(size), sink,
                          inner_domain(domain, kGeneveDomain, network), depth);
    }
    return true;
}

/// 3GPP TS 29.281 section 5.1: a user's packet behind optional fields and extension headers.
bool unwrap_gtp(ByteView bytes, LayerSink& sink, std::uint64_t domain, int depth) {
    constexpr std::uint8_t kUserData = 0xFF;
    constexpr unsigned kVersion1 = 0x30;
    if (bytes.size() < 8 || (byte(bytes, 0) & 0xF0U) != kVersion1) {
        return false;
    }
    if (byte(bytes, 1) != kUserData) {
        return true;
    }
    std::size_t at = 8;
    if ((byte(bytes, 0) & 7U) != 0) {
        at += 4;
        std::uint8_t next = bytes.size() >= at && (byte(bytes, 0) & 4U) != 0 ? byte(bytes, at - 1) : 0;
        while (next != 0 && at < bytes.size()) {
            const std::size_t length = std::size_t{byte(bytes, at)} * 4;
            if (length == 0 || at + length > bytes.size()) {
                return true;
            }
            at += length;
            next = byte(bytes, at - 1);
        }
    }
    if (at < bytes.size()) {
        sink.on_network(bytes.substr(at), domain, depth);
    }
    return true;
}

bool unwrap_udp_tunnel(ByteView datagram, LayerSink& sink, std::uint64_t domain, int depth) {
    constexpr std::size_t kHeader = 8;
    if (datagram.size() < kHeader) {
        return false;
    }
    const ByteView payload = datagram.substr(kHeader);
    switch (load_be<std::uint16_t>(datagram, 2)) {
        case 4789:
        case 8472:  // Linux's before the port was assigned
            return unwrap_vxlan(payload, sink, domain, depth);
        case 6081:
            return unwrap_geneve(payload, sink, domain, depth);
        case 2152:
            return unwrap_gtp(payload, sink, domain, depth);
        default:
            return false;
    }
}

}  // namespace

bool unwrap_tunnel(const IpPacket& packet, LayerSink& sink, std::uint64_t domain, int depth) {
    switch (packet.protocol) {
        case kProtocolIpip:
        case kProtocolIpv6:
        case kProtocolGre:
        case kProtocolUdp:
            break;
        default:
            return false;
    }
    if (depth >= kMaxTunnels) {
        sink.on_unread("too many tags or tunnels in each other");
        return true;
    }
    if (packet.protocol == kProtocolUdp) {
        return unwrap_udp_tunnel(packet.payload, sink, domain, depth + 1);
    }
    if (packet.protocol == kProtocolGre) {
        unwrap_gre(packet.payload, sink, domain, depth + 1);
    } else {
        sink.on_network(packet.payload, domain, depth + 1);
    }
    return true;
}

}  // namespace sslsniff
