#include "capture/pcap/ip_packet.h"

#include <algorithm>
#include <cstring>

#include "base/endian.h"

namespace sslsniff {
namespace {

constexpr std::size_t kIpv4Header = 20;
constexpr std::size_t kIpv6Header = 40;

// IPv6 extension headers (RFC 8200 section 4, RFC 4302)
constexpr std::uint8_t kHopByHop = 0;
constexpr std::uint8_t kRouting = 43;
constexpr std::uint8_t kFragment = 44;
constexpr std::uint8_t kAuthentication = 51;
constexpr std::uint8_t kDestinationOptions = 60;

IpAddress address(ByteView bytes, std::size_t offset, bool v4) {
    IpAddress out;
    out.family = v4 ? IpAddress::Family::v4 : IpAddress::Family::v6;
    std::memcpy(out.bytes.data(), bytes.data() + offset, v4 ? 4 : 16);
    return out;
}

std::optional<IpPacket> parse_ipv4(ByteView bytes) {
    if (bytes.size() < kIpv4Header) {
        return std::nullopt;
    }
    const std::size_t header = static_cast<std::size_t>(bytes[0] & 0x0F) * 4;
    std::size_t total = load_be<std::uint16_t>(bytes, 2);
    if (total == 0) {  // segmentation offload: the sender's kernel leaves it to the card
        total = bytes.size();
    }
    if (header < kIpv4Header || total < header || bytes.size() < header) {
        return std::nullopt;
    }
    IpPacket packet;
    packet.source = address(bytes, 12, true);
    packet.destination = address(bytes, 16, true);
    packet.protocol = static_cast<std::uint8_t>(bytes[9]);
    packet.payload = bytes.substr(header, total - header);
    packet.length = total - header;
    const auto flags = load_be<std::uint16_t>(bytes, 6);
    const bool more = (flags & 0x2000) != 0;
    const std::size_t offset = static_cast<std::size_t>(flags & 0x1FFF) * 8;
    if (more || offset != 0) {
        packet.fragment = {load_be<std::uint16_t>(bytes, 4), offset, more};
    }
    return packet;
}

std::optional<IpPacket> parse_ipv6(ByteView bytes) {
    if (bytes.size() < kIpv6Header) {
        return std::nullopt;
    }
    IpPacket packet;
    packet.source = address(bytes, 8, false);
    packet.destination = address(bytes, 24, false);
    packet.length = load_be<std::uint16_t>(bytes, 4);
    if (packet.length == 0) {  // a jumbogram or segmentation offload
        packet.length = bytes.size() - kIpv6Header;
    }
    packet.protocol = static_cast<std::uint8_t>(bytes[6]);
    packet.payload = bytes.substr(kIpv6Header, packet.length);
    while (true) {
        const std::uint8_t kind = packet.protocol;
        const bool is_extension = kind == kHopByHop || kind == kRouting || kind == kFragment ||
                                  kind == kAuthentication || kind == kDestinationOptions;
        if (!is_extension) {
            return packet;
        }
        if (packet.payload.size() < 8) {
            return std::nullopt;
        }
        const std::size_t units = static_cast<std::uint8_t>(packet.payload[1]);
        const std::size_t size = kind == kFragment         ? 8
                                 : kind == kAuthentication ? (units + 2) * 4
                                                           : (units + 1) * 8;
        if (packet.payload.size() < size || packet.length < size) {
            return std::nullopt;
        }
        if (kind == kFragment) {
            const auto word = load_be<std::uint16_t>(packet.payload, 2);
            const std::size_t offset = word & 0xFFF8U;
            const bool more = (word & 1) != 0;
            if (more || offset != 0) {  // else an atomic fragment (RFC 6946)
                packet.fragment = {load_be<std::uint32_t>(packet.payload, 4), offset, more};
            }
        }
        packet.protocol = static_cast<std::uint8_t>(packet.payload[0]);
        packet.payload.remove_prefix(size);
        packet.length -= size;
        if (packet.fragment) {
            return packet;  // what follows is known when it is whole
        }
    }
}

}  // namespace

std::optional<IpPacket> parse_ip_packet(ByteView bytes) {
    if (bytes.empty()) {
        return std::nullopt;
    }
    switch (static_cast<std::uint8_t>(bytes[0]) >> 4) {
        case 4:
            return parse_ipv4(bytes);
        case 6:
            return parse_ipv6(bytes);
        default:
            return std::nullopt;
    }
}

}  // namespace sslsniff
