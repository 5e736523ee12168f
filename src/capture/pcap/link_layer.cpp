#include "capture/pcap/link_layer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/endian.h"

namespace sslsniff {
namespace {

// https://www.tcpdump.org/linktypes.html
constexpr std::uint16_t kNull = 0;
constexpr std::uint16_t kPpp = 9;
constexpr std::uint16_t kFddi = 10;
constexpr std::uint16_t kDltRaw = 12;         // what some systems write for raw IP
constexpr std::uint16_t kDltRawOpenBsd = 14;  // the same
constexpr std::uint16_t kPppHdlc = 50;
constexpr std::uint16_t kPppEther = 51;
constexpr std::uint16_t kAtmRfc1483 = 100;
constexpr std::uint16_t kRaw = 101;
constexpr std::uint16_t kCiscoHdlc = 104;
constexpr std::uint16_t k80211 = 105;
constexpr std::uint16_t kFrameRelay = 107;
constexpr std::uint16_t kLoop = 108;
constexpr std::uint16_t kOpenBsdEnc = 109;
constexpr std::uint16_t kLinuxSll = 113;
constexpr std::uint16_t kPrism = 119;
constexpr std::uint16_t kIpOver1394 = 138;
constexpr std::uint16_t kRadiotap = 127;
constexpr std::uint16_t k80211Avs = 163;
constexpr std::uint16_t kPppPppd = 166;
constexpr std::uint16_t kPpi = 192;
constexpr std::uint16_t kPppWithDir = 204;
constexpr std::uint16_t kIpnet = 226;
constexpr std::uint16_t kIpv4 = 228;
constexpr std::uint16_t kIpv6 = 229;
constexpr std::uint16_t kNflog = 239;
constexpr std::uint16_t kPktap = 258;
constexpr std::uint16_t kEthernetMpacket = 274;
constexpr std::uint16_t kLinuxSll2 = 276;

// EtherTypes
constexpr std::uint16_t kTypeIpv4 = 0x0800;
constexpr std::uint16_t kTypeTransparentBridging = 0x6558;
constexpr std::uint16_t kTypeVlan = 0x8100;
constexpr std::uint16_t kTypeServiceVlan = 0x88A8;
constexpr std::uint16_t kTypeOldServiceVlan = 0x9100;
constexpr std::uint16_t kTypeOldServiceVlan2 = 0x9200;
constexpr std::uint16_t kTypeIpv6 = 0x86DD;
constexpr std::uint16_t kTypePpp = 0x880B;
constexpr std::uint16_t kTypeMpls = 0x8847;
constexpr std::uint16_t kTypeMplsUpstream = 0x8848;
constexpr std::uint16_t kTypePppoe = 0x8864;
constexpr std::uint16_t kTypeMacsec = 0x88E5;
constexpr std::uint16_t kTypeBackbone = 0x88E7;  // IEEE 802.1ah
constexpr std::uint16_t kLeastType = 0x0600;     // less is a length: IEEE 802.3

constexpr std::uint64_t kVlanDomain = 1;

std::uint8_t byte(ByteView bytes, std::size_t at) {
    return static_cast<std::uint8_t>(bytes[at]);
}

ByteView behind(ByteView bytes, std::size_t size) {
    return bytes.substr(std::min(size, bytes.size()));
}

/// An EtherType, or a length with LLC behind it, at `at`.
void unwrap_type_or_length(ByteView bytes, std::size_t at, LayerSink& sink, std::uint64_t domain, int depth) {
    if (bytes.size() < at + 2) {
        return;
    }
    const auto type = load_be<std::uint16_t>(bytes, at);
    if (type >= kLeastType) {
        unwrap_ether_type(type, bytes.substr(at + 2), sink, domain, depth);
    } else {
        unwrap_llc(bytes.substr(at + 2).substr(0, type), sink, domain, depth);
    }
}

/// RFC 3032: what is below the last label is told by its first bits alone.
void unwrap_mpls(ByteView bytes, LayerSink& sink, std::uint64_t domain, int depth) {
    bool last = false;
    while (!last && bytes.size() >= 4) {
        last = (byte(bytes, 2) & 1U) != 0;
        bytes.remove_prefix(4);
    }
    if (bytes.empty()) {
        return;
    }
    const unsigned version = byte(bytes, 0) >> 4U;
    if (version == 4 || version == 6) {
        sink.on_network(bytes, domain, depth);
    } else if (version == 0 && bytes.size() >= 4) {  // RFC 4448: a control word, then Ethernet
        unwrap_frame(kLinkEthernet, bytes.substr(4), sink, domain, depth);
    } else {
        unwrap_frame(kLinkEthernet, bytes, sink, domain, depth);
    }
}

/// RFC 2516 section 4.
void unwrap_pppoe(ByteView bytes, LayerSink& sink, std::uint64_t domain, int depth) {
    constexpr std::size_t kHeader = 6;
    if (bytes.size() > kHeader && byte(bytes, 1) == 0) {
        unwrap_ppp(bytes.substr(kHeader).substr(0, load_be<std::uint16_t>(bytes, 4)), sink, domain, depth);
    }
}

/// TLVs of the kernel that captured, in its byte order.
void unwrap_nflog(ByteView bytes, LayerSink& sink, std::uint64_t domain, int depth) {
    constexpr std::uint16_t kPayload = 9;
    constexpr std::size_t kHeader = 4;
    bytes = behind(bytes, kHeader);
    const bool little = bytes.size() < 2 || load_le<std::uint16_t>(bytes) <= bytes.size();
    while (bytes.size() >= kHeader) {
        const std::size_t length = little ? load_le<std::uint16_t>(bytes) : load_be<std::uint16_t>(bytes);
        const auto type = little ? load_le<std::uint16_t>(bytes, 2) : load_be<std::uint16_t>(bytes, 2);
        if (length < kHeader) {
            return;
        }
        if (type == kPayload) {
            sink.on_network(bytes.substr(0, length).substr(kHeader), domain, depth);
            return;
        }
        bytes = behind(bytes, (length + 3) / 4 * 4);
    }
}

/// RFC 2427: an address of two bytes or more, then Q.922 and an NLPID.
void unwrap_frame_relay(ByteView bytes, LayerSink& sink, std::uint64_t domain, int depth) {
    std::size_t at = 0;
    while (at < bytes.size() && (byte(bytes, at) & 1U) == 0) {
        ++at;
    }
    bytes = behind(bytes, at + 2);  // and the control byte
    if (!bytes.empty() && byte(bytes, 0) == 0) {
        bytes.remove_prefix(1);
    }
    if (bytes.empty()) {
        return;
    }
    const std::uint8_t protocol = byte(bytes, 0);
    if (protocol == 0xCC || protocol == 0x8E) {
        sink.on_network(bytes.substr(1), domain, depth);
    } else if (protocol == 0x80 && bytes.size() >= 6) {
        unwrap_ether_type(load_be<std::uint16_t>(bytes, 4), bytes.substr(6), sink, domain, depth);
    }
}

/// https://www.radiotap.org: how long it is, and what its flags say of the frame behind it.
void unwrap_radiotap(ByteView bytes, LayerSink& sink, std::uint64_t domain, int depth) {
    if (bytes.size() < 8) {
        return;
    }
    const std::size_t size = load_le<std::uint16_t>(bytes, 2);
    const auto present = load_le<std::uint32_t>(bytes, 4);
    std::size_t at = 8;
    for (auto more = present; (more >> 31U) != 0 && at + 4 <= bytes.size(); at += 4) {
        more = load_le<std::uint32_t>(bytes, at);
    }
    at = (present & 1U) != 0 ? (at + 7) / 8 * 8 + 8 : at;  // the timestamp comes first
    const unsigned flags = (present & 2U) != 0 && at < bytes.size() ? byte(bytes, at) : 0;
    ByteView frame = behind(bytes, std::max<std::size_t>(size, 8));
    if ((flags & 0x10U) != 0 && frame.size() >= 4) {
        frame.remove_suffix(4);  // FCS
    }
    unwrap_80211(frame, (flags & 0x20U) != 0, sink, domain, depth);
}

void unwrap_cooked(std::uint16_t protocol, ByteView payload, LayerSink& sink, std::uint64_t domain,
                   int depth) {
    constexpr std::uint16_t kNovell = 1;
    constexpr std::uint16_t kLlc = 4;
    if (protocol == kLlc) {
        unwrap_llc(payload, sink, domain, depth);
    } else if (protocol != kNovell) {
        unwrap_ether_type(protocol, payload, sink, domain, depth);
    }
}

}  // namespace

void unwrap_ether_type(std::uint16_t type, ByteView payload, LayerSink& sink, std::uint64_t domain,
                       int depth) {
    for (int tags = 0; tags <= kMaxTunnels; ++tags) {
        switch (type) {
            case kTypeIpv4:
            case kTypeIpv6:
                sink.on_network(payload, domain, depth);
                return;
            case kTypeVlan:
            case kTypeServiceVlan:
            case kTypeOldServiceVlan:
            case kTypeOldServiceVlan2:  // IEEE 802.1Q: tag control information, then the type of what follows
                if (payload.size() < 4) {
                    return;
                }
                if (const unsigned vlan = load_be<std::uint16_t>(payload) & 0xFFFU; vlan != 0) {
                    domain = inner_domain(domain, kVlanDomain, vlan);
                }
                type = load_be<std::uint16_t>(payload, 2);
                payload.remove_prefix(4);
                if (type < kLeastType) {
                    unwrap_llc(payload.substr(0, type), sink, domain, depth);
                    return;
                }
                break;
            case kTypeBackbone:
                payload = behind(payload, 4);
                unwrap_type_or_length(payload, 12, sink, domain, depth);
                return;
            case kTypeTransparentBridging:
                unwrap_type_or_length(payload, 12, sink, domain, depth);
                return;
            case kTypeMpls:
            case kTypeMplsUpstream:
                unwrap_mpls(payload, sink, domain, depth);
                return;
            case kTypePppoe:
                unwrap_pppoe(payload, sink, domain, depth);
                return;
            case kTypePpp:
                unwrap_ppp(payload, sink, domain, depth);
                return;
            case kTypeMacsec:
                sink.on_unread("MACsec frames are encrypted");
                return;
            default:
                return;
        }
    }
    sink.on_unread("too many tags or tunnels in each other");
}

void unwrap_ppp(ByteView bytes, LayerSink& sink, std::uint64_t domain, int depth) {
    if (bytes.starts_with("\xFF\x03")) {
        bytes.remove_prefix(2);  // RFC 1662: address and control
    }
    if (bytes.size() < 2) {
        return;
    }
    const bool compressed = (byte(bytes, 0) & 1U) != 0;
    const unsigned protocol = compressed ? byte(bytes, 0) : load_be<std::uint16_t>(bytes);
    bytes.remove_prefix(compressed ? 1 : 2);
    switch (protocol) {
        case 0x21:
        case 0x57:
            sink.on_network(bytes, domain, depth);
            break;
        case 0x281:
        case 0x283:
            unwrap_mpls(bytes, sink, domain, depth);
            break;
        case 0x3D:
            sink.on_unread("PPP multilink is not supported");
            break;
        case 0xFB:
        case 0xFD:
            sink.on_unread("PPP frames are compressed");
            break;
        case 0x53:
        case 0x55:
            sink.on_unread("PPP frames are encrypted");
            break;
        default:
            break;
    }
}

void unwrap_llc(ByteView bytes, LayerSink& sink, std::uint64_t domain, int depth) {
    constexpr std::size_t kSnap = 8;
    if (bytes.size() >= kSnap && bytes.starts_with("\xAA\xAA\x03")) {
        const auto organization = load_be<std::uint32_t>(bytes, 3) >> 8U;
        if (organization == 0 || organization == 0xF8) {  // RFC 1042, IEEE 802.1H
            unwrap_ether_type(load_be<std::uint16_t>(bytes, 6), bytes.substr(kSnap), sink, domain, depth);
        }
    } else if (bytes.size() > 3 && bytes.starts_with("\x06\x06\x03")) {
        sink.on_network(bytes.substr(3), domain, depth);
    }
}

void unwrap_frame(std::uint16_t link_type, ByteView frame, LayerSink& sink, std::uint64_t domain, int depth) {
    switch (link_type) {
        case kLinkEthernet:
            unwrap_type_or_length(frame, 12, sink, domain, depth);
            break;
        case kEthernetMpacket:
            unwrap_type_or_length(frame, 20, sink, domain, depth);
            break;
        case kLinuxSll:
            if (frame.size() >= 16) {
                unwrap_cooked(load_be<std::uint16_t>(frame, 14), frame.substr(16), sink, domain, depth);
            }
            break;
        case kLinuxSll2:
            if (frame.size() >= 20) {
                unwrap_cooked(load_be<std::uint16_t>(frame), frame.substr(20), sink, domain, depth);
            }
            break;
        case kNull:
        case kLoop:  // the address family: the IP version tells the same in every byte order
            sink.on_network(behind(frame, 4), domain, depth);
            break;
        case kOpenBsdEnc:
            sink.on_network(behind(frame, 12), domain, depth);
            break;
        case kIpnet:
            sink.on_network(behind(frame, 24), domain, depth);
            break;
        case kRaw:
        case kDltRaw:
        case kDltRawOpenBsd:
        case kIpv4:
        case kIpv6:
            sink.on_network(frame, domain, depth);
            break;
        case kPpp:
            unwrap_ppp(frame, sink, domain, depth);
            break;
        case kPppHdlc:
        case kCiscoHdlc:
            if (frame.starts_with("\xFF\x03")) {
                unwrap_ppp(frame, sink, domain, depth);
            } else if (frame.size() > 4) {  // Cisco's HDLC
                unwrap_ether_type(load_be<std::uint16_t>(frame, 2), frame.substr(4), sink, domain, depth);
            }
            break;
        case kPppPppd:
        case kPppWithDir:
            unwrap_ppp(behind(frame, frame.starts_with("\xFF\x03") ? 0 : 1), sink, domain, depth);
            break;
        case kPppEther:
            unwrap_pppoe(frame, sink, domain, depth);
            break;
        case kFddi:
            unwrap_llc(behind(frame, 13), sink, domain, depth);
            break;
        case kAtmRfc1483:
            unwrap_llc(frame, sink, domain, depth);
            break;
        case kFrameRelay:
            unwrap_frame_relay(frame, sink, domain, depth);
            break;
        case kIpOver1394:
            if (frame.size() >= 18) {
                unwrap_ether_type(load_be<std::uint16_t>(frame, 16), frame.substr(18), sink, domain, depth);
            }
            break;
        case kNflog:
            unwrap_nflog(frame, sink, domain, depth);
            break;
        case k80211:
            unwrap_80211(frame, false, sink, domain, depth);
            break;
        case kRadiotap:
            unwrap_radiotap(frame, sink, domain, depth);
            break;
        case kPrism:
        case k80211Avs: {
            const std::size_t at = frame.size() < 8 ? frame.size()
                                   : load_be<std::uint32_t>(frame) >> 12U == 0x80211
                                       ? load_be<std::uint32_t>(frame, 4)
                                       : 144;
            unwrap_80211(behind(frame, at), false, sink, domain, depth);
            break;
        }
        case kPpi:
        case kPktap: {
            const bool ppi = link_type == kPpi;
            const std::size_t least = ppi ? 8 : 12;
            if (frame.size() >= least && depth < kMaxTunnels) {
                const std::size_t size =
                    ppi ? load_le<std::uint16_t>(frame, 2) : load_le<std::uint32_t>(frame);
                const auto inner = load_le<std::uint32_t>(frame, ppi ? 4 : 8);
                unwrap_frame(static_cast<std::uint16_t>(inner), behind(frame, std::max(size, least)), sink,
                             domain, depth + 1);
            }
            break;
        }
        default:
            sink.on_unread(fmt::format("link type {} is not supported", link_type));
            break;
    }
}

}  // namespace sslsniff
