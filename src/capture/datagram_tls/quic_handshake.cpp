#include "capture/datagram_tls/quic_handshake.h"

#include <utility>

namespace sslsniff {
namespace {

std::size_t at(Direction direction) {
    return static_cast<std::size_t>(direction);
}

}  // namespace

DatagramHandshake::News QuicHandshake::see(Direction direction, ByteView datagram) {
    News news;
    for (auto header = parse_quic_long_header(datagram); header; header = parse_quic_long_header(datagram)) {
        news.is_recognised = true;
        datagram.remove_prefix(header->packet.size());
        End& end = ends_.at(at(direction));
        if (header->type != QuicPacketType::initial || end.done) {
            continue;
        }
        if (++end.packets > kMostPackets) {
            end.done = true;
            continue;
        }
        const auto frames = open(direction, *header);
        if (!frames) {
            continue;
        }
        end.stream.add_frames(*frames);
        if (end.stream.is_complete()) {
            end.done = true;
            news.hello = parse_tls_hello(end.stream.message(), false);
        }
    }
    return news;
}

/// The first packet that opens with what it says itself is the client's. A server that answers by Retry or
/// with another version makes the client begin anew, with another destination.
std::optional<Bytes> QuicHandshake::open(Direction direction, const QuicLongHeader& header) {
    if (client_ && *client_ != direction) {
        const auto keys = QuicInitialKeys::derive(version_, client_destination_, QuicSender::server);
        auto frames = keys && header.version == version_ ? keys->open(header) : std::nullopt;
        if (frames) {
            return frames;
        }
        // After a change of version the keys are of the new one (RFC 9369 section 4.1).
        const auto others = QuicInitialKeys::derive(header.version, client_destination_, QuicSender::server);
        return others ? others->open(header) : std::nullopt;
    }
    if (client_) {
        const auto keys = QuicInitialKeys::derive(header.version, client_destination_, QuicSender::client);
        if (auto frames = keys ? keys->open(header) : std::nullopt) {
            return frames;
        }
    }
    const auto keys = QuicInitialKeys::derive(header.version, header.destination_id, QuicSender::client);
    auto frames = keys ? keys->open(header) : std::nullopt;
    if (frames) {
        client_ = direction;
        version_ = header.version;
        client_destination_ = header.destination_id;
    }
    return frames;
}

}  // namespace sslsniff
