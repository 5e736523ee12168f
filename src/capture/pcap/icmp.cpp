#include "capture/pcap/icmp.h"

#include "base/endian.h"

namespace sslsniff {
namespace {

constexpr std::size_t kHeader = 8;
constexpr std::size_t kPortsAndSequence = 8;  // the least that is quoted of the segment

/// Type and code, of each version of ICMP.
struct Kinds {
    std::uint8_t unreachable;
    std::uint8_t port;
    std::optional<std::uint8_t> too_big;
};

}  // namespace

std::optional<Unreachable> parse_unreachable(const IpPacket& packet) {
    const Kinds kinds = packet.protocol == kProtocolIcmp ? Kinds{3, 3, 4} : Kinds{1, 4, std::nullopt};
    const ByteView message = packet.payload;
    if (message.size() < kHeader || static_cast<std::uint8_t>(message[0]) != kinds.unreachable) {
        return std::nullopt;
    }
    const auto code = static_cast<std::uint8_t>(message[1]);
    const auto quoted = parse_ip_packet(message.substr(kHeader));
    if (code == kinds.too_big || !quoted || quoted->fragment || quoted->protocol != kProtocolTcp ||
        quoted->payload.size() < kPortsAndSequence) {
        return std::nullopt;
    }
    return Unreachable{
        .source = {quoted->source, load_be<std::uint16_t>(quoted->payload, 0)},
        .destination = {quoted->destination, load_be<std::uint16_t>(quoted->payload, 2)},
        .domain = packet.domain,
        .sequence = load_be<std::uint32_t>(quoted->payload, 4),
        .reason = code == kinds.port ? CloseReason::refused : CloseReason::timed_out,
    };
}

}  // namespace sslsniff
