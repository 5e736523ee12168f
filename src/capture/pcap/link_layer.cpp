#include "capture/pcap/link_layer.h"

#include "base/endian.h"

namespace sslsniff {
namespace {

// https://www.tcpdump.org/linktypes.html
constexpr std::uint16_t kNull = 0;
constexpr std::uint16_t kEthernet = 1;
constexpr std::uint16_t kDltRaw = 12;         // what some systems write for raw IP
constexpr std::uint16_t kDltRawOpenBsd = 14;  // the same
constexpr std::uint16_t kRaw = 101;
constexpr std::uint16_t kLoop = 108;
constexpr std::uint16_t kLinuxSll = 113;
constexpr std::uint16_t kIpv4 = 228;
constexpr std::uint16_t kIpv6 = 229;
constexpr std::uint16_t kLinuxSll2 = 276;

// EtherTypes
constexpr std::uint16_t kTypeIpv4 = 0x0800;
constexpr std::uint16_t kTypeIpv6 = 0x86DD;
constexpr std::uint16_t kTypeVlan = 0x8100;
constexpr std::uint16_t kTypeServiceVlan = 0x88A8;
constexpr std::uint16_t kTypeOldServiceVlan = 0x9100;
constexpr int kMaxTags = 4;

/// `octets` begin with an EtherType at `offset`; what it announces follows at `payload`.
std::optional<ByteView> by_ether_type(ByteView octets, std::size_t offset, std::size_t payload) {
    for (int tags = 0; tags <= kMaxTags; ++tags) {
        if (octets.size() < payload || octets.size() < offset + 2) {
            return std::nullopt;
        }
        const auto type = load_be<std::uint16_t>(octets, offset);
        if (type == kTypeIpv4 || type == kTypeIpv6) {
            return octets.substr(payload);
        }
        if (type != kTypeVlan && type != kTypeServiceVlan && type != kTypeOldServiceVlan) {
            return std::nullopt;
        }
        offset = payload + 2;  // IEEE 802.1Q: tag control information, then the type of what follows
        payload += 4;
    }
    return std::nullopt;
}

}  // namespace

std::optional<ByteView> network_packet(const CapturedPacket& packet) {
    const ByteView octets = packet.octets;
    switch (packet.link_type) {
        case kEthernet:
            return by_ether_type(octets, 12, 14);
        case kLinuxSll:
            return by_ether_type(octets, 14, 16);
        case kLinuxSll2:
            return by_ether_type(octets, 0, 20);
        case kNull:
        case kLoop:  // the address family: the IP version tells the same in every byte order
            return octets.size() > 4 ? std::optional(octets.substr(4)) : std::nullopt;
        case kRaw:
        case kDltRaw:
        case kDltRawOpenBsd:
        case kIpv4:
        case kIpv6:
            return octets;
        default:
            return std::nullopt;
    }
}

}  // namespace sslsniff
