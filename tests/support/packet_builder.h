#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "model/connection.h"
#include "model/time.h"

namespace sslsniff::test {

/// Builds capture files packet by packet: what a network, a capture or a broken disk could have made.
class PcapBuilder {
  public:
    explicit PcapBuilder(std::uint16_t link_type = 1, std::uint32_t snap_length = 262'144);

    /// Appends one record; `time` advances by 1 ms unless `at` says when.
    PcapBuilder& packet(ByteView bytes, std::uint32_t original_length = 0);
    PcapBuilder& wait(Duration duration);
    const Bytes& file() const { return file_; }

  private:
    Bytes file_;
    std::uint32_t snap_length_;
    std::int64_t microseconds_ = 0;
};

/// IP packets and what goes around them. Checksums are left zero: readers do not look at them.
Bytes ip_packet(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                ByteView payload);
Bytes ethernet(ByteView ip, int vlan_tags = 0);
Bytes linux_cooked(ByteView ip, int version);
Bytes null_loopback(ByteView ip);
Bytes udp_datagram(std::uint16_t source, std::uint16_t destination, ByteView payload);
/// The packet in IPv4 or IPv6 fragments of at most `size` bytes each (a multiple of 8).
std::vector<Bytes> fragments(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                             ByteView payload, std::size_t size, std::uint32_t identification);

/// Both sides of one TCP connection, making segments in Ethernet frames. The caller decides which of them
/// reach the capture, and in which order.
class TcpPeers {
  public:
    TcpPeers(std::string_view client, std::string_view server, std::uint32_t client_isn = 1000,
             std::uint32_t server_isn = 5000);

    Bytes syn();
    Bytes syn_ack();
    /// A segment that advances the sequence number.
    Bytes from_client(ByteView payload, bool fin = false) {
        return segment(true, payload, fin ? 0x11 : 0x18);
    }
    Bytes from_server(ByteView payload, bool fin = false) {
        return segment(false, payload, fin ? 0x11 : 0x18);
    }
    Bytes ack_from_client() { return segment(true, {}, 0x10); }
    Bytes ack_from_server() { return segment(false, {}, 0x10); }
    Bytes reset_from_server() { return segment(false, {}, 0x14); }
    /// One byte already acknowledged, as keep-alives have.
    Bytes keep_alive_from_client();

  private:
    Bytes segment(bool from_client, ByteView payload, std::uint8_t flags);
    Bytes build(bool from_client, ByteView payload, std::uint8_t flags, std::uint32_t sequence);

    Endpoint client_;
    Endpoint server_;
    std::uint32_t client_next_;
    std::uint32_t server_next_;
};

}  // namespace sslsniff::test
