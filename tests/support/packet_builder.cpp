#include "support/packet_builder.h"

#include <algorithm>
#include <vector>

#include "base/endian.h"

namespace sslsniff::test {
namespace {

constexpr std::int64_t kStartSeconds = 1'782'000'000;

Bytes address_bytes(const IpAddress& address) {
    return Bytes(reinterpret_cast<const char*>(address.bytes.data()),
                 address.family == IpAddress::Family::v4 ? 4U : 16U);
}

Bytes ipv4(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol, ByteView payload,
           std::uint16_t identification, std::uint16_t fragment) {
    Bytes out;
    append_be<std::uint16_t>(out, 0x4500);
    append_be(out, static_cast<std::uint16_t>(20 + payload.size()));
    append_be(out, identification);
    append_be(out, fragment);
    append_be<std::uint8_t>(out, 64);
    append_be(out, protocol);
    append_be<std::uint16_t>(out, 0);
    return out + address_bytes(source) + address_bytes(destination) + Bytes(payload);
}

Bytes ipv6(const IpAddress& source, const IpAddress& destination, std::uint8_t next, ByteView payload) {
    Bytes out;
    append_be<std::uint32_t>(out, 0x6000'0000);
    append_be(out, static_cast<std::uint16_t>(payload.size()));
    append_be(out, next);
    append_be<std::uint8_t>(out, 64);
    return out + address_bytes(source) + address_bytes(destination) + Bytes(payload);
}

std::uint16_t ether_type(ByteView ip) {
    return static_cast<std::uint8_t>(ip[0]) >> 4 == 4 ? 0x0800 : 0x86DD;
}

}  // namespace

PcapBuilder::PcapBuilder(std::uint16_t link_type, std::uint32_t snap_length) : snap_length_(snap_length) {
    append_le<std::uint32_t>(file_, 0xA1B2C3D4);
    append_le<std::uint32_t>(file_, 0x0004'0002);
    append_le<std::uint64_t>(file_, 0);
    append_le(file_, snap_length);
    append_le<std::uint32_t>(file_, link_type);
}

PcapBuilder& PcapBuilder::packet(ByteView bytes, std::uint32_t original_length) {
    microseconds_ += 1000;
    const ByteView kept = bytes.substr(0, snap_length_);
    append_le(file_, static_cast<std::uint32_t>(kStartSeconds + microseconds_ / 1'000'000));
    append_le(file_, static_cast<std::uint32_t>(microseconds_ % 1'000'000));
    append_le(file_, static_cast<std::uint32_t>(kept.size()));
    append_le(file_, original_length != 0 ? original_length : static_cast<std::uint32_t>(bytes.size()));
    file_ += kept;
    return *this;
}

PcapBuilder& PcapBuilder::wait(Duration duration) {
    microseconds_ += std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
    return *this;
}

Bytes ip_packet(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                ByteView payload) {
    return source.family == IpAddress::Family::v4 ? ipv4(source, destination, protocol, payload, 0, 0x4000)
                                                  : ipv6(source, destination, protocol, payload);
}

Bytes ethernet(ByteView ip, int vlan_tags) {
    Bytes out(12, '\x02');
    for (int i = vlan_tags; i > 0; --i) {
        append_be<std::uint16_t>(out, i > 1 ? 0x88A8 : 0x8100);
        append_be<std::uint16_t>(out, 42);
    }
    append_be(out, ether_type(ip));
    return out + Bytes(ip);
}

Bytes linux_cooked(ByteView ip, int version) {
    Bytes out;
    if (version == 1) {
        out = Bytes(14, '\0');
        append_be(out, ether_type(ip));
    } else {
        append_be(out, ether_type(ip));
        out += Bytes(18, '\0');
    }
    return out + Bytes(ip);
}

Bytes null_loopback(ByteView ip) {
    Bytes out;
    append_le<std::uint32_t>(out, ether_type(ip) == 0x0800 ? 2 : 30);
    return out + Bytes(ip);
}

Bytes udp_datagram(std::uint16_t source, std::uint16_t destination, ByteView payload) {
    Bytes out;
    append_be(out, source);
    append_be(out, destination);
    append_be(out, static_cast<std::uint16_t>(8 + payload.size()));
    append_be<std::uint16_t>(out, 0);
    return out + Bytes(payload);
}

std::vector<Bytes> fragments(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                             ByteView payload, std::size_t size, std::uint32_t identification) {
    std::vector<Bytes> out;
    for (std::size_t at = 0; at < payload.size(); at += size) {
        const ByteView piece = payload.substr(at, size);
        const bool more = at + size < payload.size();
        if (source.family == IpAddress::Family::v4) {
            out.push_back(ipv4(source, destination, protocol, piece,
                               static_cast<std::uint16_t>(identification),
                               static_cast<std::uint16_t>((more ? 0x2000U : 0U) | at / 8)));
        } else {
            Bytes extension;
            append_be(extension, protocol);
            append_be<std::uint8_t>(extension, 0);
            append_be(extension, static_cast<std::uint16_t>(at | (more ? 1U : 0U)));
            append_be(extension, identification);
            out.push_back(ipv6(source, destination, 44, extension + Bytes(piece)));
        }
    }
    return out;
}

TcpPeers::TcpPeers(std::string_view client, std::string_view server, std::uint32_t client_isn,
                   std::uint32_t server_isn)
    : client_(parse_endpoint(client).value()),
      server_(parse_endpoint(server).value()),
      client_next_(client_isn),
      server_next_(server_isn) {}

Bytes TcpPeers::syn() {
    return build(true, {}, 0x02, client_next_++);
}

Bytes TcpPeers::syn_ack() {
    return build(false, {}, 0x12, server_next_++);
}

Bytes TcpPeers::keep_alive_from_client() {
    return build(true, "x", 0x10, client_next_ - 1);
}

Bytes TcpPeers::segment(bool from_client, ByteView payload, std::uint8_t flags) {
    std::uint32_t& next = from_client ? client_next_ : server_next_;
    Bytes frame = build(from_client, payload, flags, next);
    next += static_cast<std::uint32_t>(payload.size() + (flags & 0x01));
    return frame;
}

Bytes TcpPeers::build(bool from_client, ByteView payload, std::uint8_t flags, std::uint32_t sequence) {
    const Endpoint& source = from_client ? client_ : server_;
    const Endpoint& destination = from_client ? server_ : client_;
    Bytes tcp;
    append_be(tcp, source.port);
    append_be(tcp, destination.port);
    append_be(tcp, sequence);
    append_be(tcp, (flags & 0x10) != 0 ? (from_client ? server_next_ : client_next_) : 0);
    append_be<std::uint8_t>(tcp, 0x50);
    append_be(tcp, flags);
    append_be<std::uint16_t>(tcp, 0xFFFF);
    append_be<std::uint32_t>(tcp, 0);
    return ethernet(ip_packet(source.address, destination.address, 6, tcp + Bytes(payload)));
}

}  // namespace sslsniff::test
