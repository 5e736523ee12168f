#include "output/pcapng/dissector_hint.h"

#include "base/endian.h"

namespace sslsniff {
namespace {

// Tags of exported PDUs (wsutil/exported_pdu_tlvs.h)
constexpr std::uint16_t kHeuristicName = 13;
constexpr std::uint16_t kIpv4Source = 20;
constexpr std::uint16_t kIpv4Destination = 21;
constexpr std::uint16_t kIpv6Source = 22;
constexpr std::uint16_t kIpv6Destination = 23;
constexpr std::uint16_t kPortType = 24;
constexpr std::uint16_t kSourcePort = 25;
constexpr std::uint16_t kDestinationPort = 26;
constexpr std::uint16_t kProtocolColumn = 33;
constexpr std::uint32_t kPortTypeTcp = 2;

void tag(Bytes& out, std::uint16_t type, ByteView value) {
    const std::size_t padded = (value.size() + 3) / 4 * 4;
    append_be(out, type);
    append_be(out, static_cast<std::uint16_t>(padded));
    out.append(value).append(padded - value.size(), '\0');
}

void tag(Bytes& out, std::uint16_t type, std::uint32_t value) {
    Bytes bytes;
    append_be(bytes, value);
    tag(out, type, bytes);
}

void address_tag(Bytes& out, std::uint16_t v4, std::uint16_t v6, const IpAddress& address) {
    const bool is_v4 = address.family == IpAddress::Family::v4;
    tag(out, is_v4 ? v4 : v6, ByteView(reinterpret_cast<const char*>(address.bytes.data()), is_v4 ? 4 : 16));
}

Bytes exported_pdu(ByteView heuristic, const Endpoint& source, const Endpoint& destination,
                   ByteView payload) {
    Bytes out;
    tag(out, kHeuristicName, heuristic);
    address_tag(out, kIpv4Source, kIpv6Source, source.address);
    address_tag(out, kIpv4Destination, kIpv6Destination, destination.address);
    tag(out, kPortType, kPortTypeTcp);
    tag(out, kSourcePort, std::uint32_t{source.port});
    tag(out, kDestinationPort, std::uint32_t{destination.port});
    tag(out, kProtocolColumn, "sslsniff");
    append_be(out, std::uint32_t{0});
    return out.append(payload);
}

}  // namespace

std::vector<HintRecord> make_hint(DissectorHint hint, std::span<const DissectorTraits::Hint> protocol,
                                  const Endpoint& client, const Endpoint& server, ByteView client_hello) {
    std::vector<HintRecord> records;
    if (hint == DissectorHint::tls) {
        records.push_back({exported_pdu("tls_tcp", client, server, client_hello), true});
    } else if (hint == DissectorHint::protocol) {
        for (const DissectorTraits::Hint& each : protocol) {
            const Endpoint& source = each.to_server ? client : server;
            const Endpoint& destination = each.to_server ? server : client;
            records.push_back(
                {exported_pdu(each.heuristic, source, destination, each.payload), each.to_server});
        }
    }
    return records;
}

}  // namespace sslsniff
