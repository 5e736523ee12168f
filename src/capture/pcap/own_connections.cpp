#include "capture/pcap/own_connections.h"

#include <algorithm>

#include "base/endian.h"

namespace sslsniff {
namespace {

constexpr std::size_t kRecordHeader = 5;
constexpr std::size_t kMac = 32;
constexpr char kApplicationData = 23;
constexpr std::size_t kUdpHeader = 8;
/// A hostile file may announce connections without end.
constexpr std::size_t kMaxConnections = 1 << 18;

/// What a synthetic record holds; empty for those of the handshake.
ByteView unwrap(ByteView segment) {
    const bool is_data = segment.size() >= kRecordHeader + kMac && segment[0] == kApplicationData &&
                         load_be<std::uint16_t>(segment, 3) == segment.size() - kRecordHeader;
    return is_data ? segment.substr(kRecordHeader, segment.size() - kRecordHeader - kMac) : ByteView();
}

}  // namespace

bool OwnConnections::on_tcp(const CapturedPacket& packet, const IpPacket& ip, const TcpSegmentView& segment,
                            EventConsumer& consumer) {
    const FlowKey key = FlowKey::of({ip.source, segment.source_port},
                                    {ip.destination, segment.destination_port}, kProtocolTcp);
    return on_packet(packet, key, segment.payload, consumer);
}

bool OwnConnections::on_udp(const CapturedPacket& packet, const IpPacket& ip, EventConsumer& consumer) {
    if (ip.payload.size() < kUdpHeader) {
        return false;
    }
    const FlowKey key = FlowKey::of({ip.source, load_be<std::uint16_t>(ip.payload, 0)},
                                    {ip.destination, load_be<std::uint16_t>(ip.payload, 2)}, kProtocolUdp);
    return on_packet(packet, key, ip.payload.substr(kUdpHeader), consumer);
}

bool OwnConnections::on_packet(const CapturedPacket& packet, const FlowKey& key, ByteView payload,
                               EventConsumer& consumer) {
    if (is_filler_comment(packet.comment)) {
        return true;
    }
    Flows& flows = flows_[packet.hidden ? 1 : 0];
    if (auto comment = parse_connection_comment(packet.comment)) {
        begin(flows, key, std::move(*comment), packet.time, consumer);
    }
    const auto flow = flows.find(key);
    const auto found = flow != flows.end() ? connections_.find(flow->second) : connections_.end();
    if (found == connections_.end()) {
        return packet.hidden;  // of use to nobody else
    }
    Connection& connection = found->second;
    const Direction direction = packet.direction.value_or(Direction::sent);
    if (const auto gap = parse_gap_comment(packet.comment)) {
        on_gap(connection, direction, *gap, packet.time, consumer);
        return true;
    }
    const ByteView plaintext = connection.tls_records ? unwrap(payload) : payload;
    if (!plaintext.empty()) {
        deliver(connection, packet, direction, plaintext, consumer);
    }
    if (const auto reason = parse_close_comment(packet.comment)) {
        consumer.on_event(CloseEvent{connection.info.id, packet.time, *reason});
        renumbered_.erase(connection.id_in_file);
        connections_.erase(found);  // the flow stays: what follows of it is understood, and nothing
    }
    return true;
}

void OwnConnections::deliver(Connection& connection, const CapturedPacket& packet, Direction direction,
                             ByteView plaintext, EventConsumer& consumer) {
    const auto index = static_cast<std::size_t>(direction);
    std::uint64_t& position = connection.positions[index];
    const bool is_context = is_context_comment(packet.comment);
    if (is_context && !connection.begins_here) {
        return;
    }
    consumer.on_event(DataEvent{connection.info.id, packet.time, packet.tid, direction,
                                position - connection.bases[index], plaintext});
    // The comments do not count what is made up: their positions move on against those of the events.
    (is_context ? connection.bases[index] : position) += is_context ? -plaintext.size() : plaintext.size();
}

void OwnConnections::begin(Flows& flows, const FlowKey& key, ConnectionComment comment, Timestamp time,
                           EventConsumer& consumer) {
    const ConnectionId id_in_file = comment.info.id;
    if (comment.update && id_in_file.pid == 0 && !renumbered_.contains(id_in_file)) {
        return;  // news of what the file did not begin
    }
    const ConnectionId id = id_for(id_in_file);
    comment.info.id = id;
    meet(*comment.info.process, time, consumer);
    if (const auto found = connections_.find(id); found != connections_.end()) {
        flows[key] = id;
        learn(found->second, comment.info, time, consumer);
        if (!comment.update) {
            resume(found->second, comment, time, consumer);
        }
        return;
    }
    if (comment.update) {
        return;
    }
    if (connections_.size() >= kMaxConnections) {
        consumer.on_event(CloseEvent{connections_.begin()->first, time, CloseReason::freed});
        renumbered_.erase(connections_.begin()->second.id_in_file);
        connections_.erase(connections_.begin());
    }
    if (flows.size() >= 2 * kMaxConnections) {
        std::erase_if(flows, [&](const auto& flow) { return !connections_.contains(flow.second); });
    }
    Connection connection;
    connection.info = comment.info;
    connection.id_in_file = id_in_file;
    connection.info.endpoints = {};  // not told yet
    connection.info.tls = {};
    connection.info.tls.library = comment.info.tls.library;
    connection.info.correlation = Correlation::none;
    connection.info.role = Role::unknown;
    connection.tls_records = comment.tls_records;
    connection.bases = {comment.sent_position, comment.received_position};
    connection.positions = connection.bases;
    const bool joined = comment.info.midstream || comment.part > 1;
    consumer.on_event(
        OpenEvent{id, comment.info.opened, comment.info.carrier, joined, comment.info.tls.library});
    flows[key] = id;
    Connection& added = connections_.emplace(id, std::move(connection)).first->second;
    learn(added, comment.info, comment.info.opened, consumer);
}

ConnectionId OwnConnections::id_for(const ConnectionId& id_in_file) {
    if (id_in_file.pid != 0) {
        return id_in_file;
    }
    const auto [found, added] = renumbered_.try_emplace(id_in_file, id_in_file);
    if (added) {
        found->second = {};
        found->second.generation = next_generation_++;
    }
    return found->second;
}

/// A further part of a connection the file has already: bytes were lost, or a dissector needed a new start.
void OwnConnections::resume(Connection& connection, const ConnectionComment& comment, Timestamp time,
                            EventConsumer& consumer) {
    connection.tls_records = comment.tls_records;
    connection.begins_here = false;
    const std::array<std::uint64_t, 2> begins{comment.sent_position, comment.received_position};
    for (const Direction direction : {Direction::sent, Direction::received}) {
        const auto index = static_cast<std::size_t>(direction);
        const std::uint64_t position = connection.positions[index];
        const std::uint64_t missing = begins[index] - std::min(position, begins[index]);
        const bool stated = comment.gap && comment.gap->direction == direction;
        if (missing != 0 || stated) {
            on_gap(connection, direction,
                   {position, missing, stated ? comment.gap->cause : LossCause::unknown}, time, consumer);
        }
    }
}

void OwnConnections::learn(Connection& connection, const ConnectionInfo& news, Timestamp time,
                           EventConsumer& consumer) {
    ConnectionInfo& known = connection.info;
    if (known.endpoints != news.endpoints || known.correlation != news.correlation ||
        known.role != news.role) {
        EndpointsEvent event;
        event.connection = known.id;
        event.time = time;
        event.role = news.role;
        event.correlation = news.correlation;
        event.endpoints = news.endpoints;
        consumer.on_event(event);
    }
    if (known.tls != news.tls) {
        consumer.on_event(TlsEvent{known.id, time, news.role, news.tls});
    }
    known.endpoints = news.endpoints;
    known.correlation = news.correlation;
    known.role = news.role;
    known.tls = news.tls;
}

void OwnConnections::meet(const ProcessInfo& process, Timestamp time, EventConsumer& consumer) {
    if (processes_.size() >= kMaxConnections) {
        processes_.clear();  // met again, they are told again
    }
    const auto [found, added] = processes_.try_emplace(process.key, process.comm);
    if (added || found->second != process.comm) {
        found->second = process.comm;
        ProcessEvent event;
        event.time = time;
        event.kind = added ? ProcessEvent::Kind::seen : ProcessEvent::Kind::exec;
        event.process = process;
        consumer.on_event(event);
    }
}

void OwnConnections::on_gap(Connection& connection, Direction direction, const GapComment& gap,
                            Timestamp time, EventConsumer& consumer) {
    const auto index = static_cast<std::size_t>(direction);
    std::uint64_t& position = connection.positions[index];
    consumer.on_event(GapEvent{connection.info.id, time, direction, position - connection.bases[index],
                               gap.bytes, gap.cause});
    position += gap.bytes;
}

}  // namespace sslsniff
