#include "capture/pcap/own_connections.h"

#include <algorithm>

#include "base/endian.h"

namespace sslsniff {
namespace {

constexpr std::size_t kRecordHeader = 5;
constexpr std::size_t kMac = 32;
constexpr char kApplicationData = 23;
constexpr std::size_t kUdpHeader = 8;
/// Of each side, in the synthetic handshake.
constexpr std::array<std::uint32_t, 2> kFlights{2, 2};
/// A hostile file may announce connections without end.
constexpr std::size_t kMaxConnections = 1 << 18;

}  // namespace

bool OwnConnections::on_tcp(const CapturedPacket& packet, const IpPacket& ip, const TcpSegmentView& segment,
                            EventConsumer& consumer) {
    const FlowKey key = FlowKey::of({ip.source, segment.source_port},
                                    {ip.destination, segment.destination_port}, kProtocolTcp);
    return on_packet(packet, key, {segment.payload, segment.length - segment.payload.size()}, consumer);
}

bool OwnConnections::on_udp(const CapturedPacket& packet, const IpPacket& ip, EventConsumer& consumer) {
    if (ip.payload.size() < kUdpHeader) {
        return false;
    }
    const FlowKey key = FlowKey::of({ip.source, load_be<std::uint16_t>(ip.payload, 0)},
                                    {ip.destination, load_be<std::uint16_t>(ip.payload, 2)}, kProtocolUdp);
    return on_packet(packet, key, {ip.payload.substr(kUdpHeader), ip.length - ip.payload.size()}, consumer);
}

/// Comments are told first, in their order: what the packet carries comes after what they say.
bool OwnConnections::on_packet(const CapturedPacket& packet, const FlowKey& key, const Payload& payload,
                               EventConsumer& consumer) {
    Flows& flows = flows_[packet.hidden ? 1 : 0];
    bool is_filler = false;
    bool is_context = false;
    for (const std::string_view text : packet.comments) {
        is_filler = is_filler || is_filler_comment(text);
        is_context = is_context || is_context_comment(text);
        const Timestamp time = packet.time - std::min(delay_of_comment(text), packet.time.time_since_epoch());
        if (auto comment = parse_connection_comment(text, time)) {
            begin(flows, key, *std::move(comment), time, consumer);
        } else if (Connection* connection = find(flows, key)) {
            if (const auto gap = parse_gap_comment(text)) {
                on_gap(*connection, *gap, time, consumer);
                is_filler = is_filler || gap->zeros;
            } else if (const auto reason = parse_close_comment(text)) {
                close(*connection, *reason, time, consumer);
            }
        }
    }
    Connection* connection = find(flows, key);
    if (connection == nullptr) {  // what follows a connection's end is understood, and nothing
        return packet.hidden || is_filler || flows.contains(key);
    }
    const Direction direction = packet.direction.value_or(Direction::sent);
    const Payload plaintext = connection->tls_records ? unwrap(*connection, direction, payload) : payload;
    if (!is_filler) {
        deliver(*connection, packet, direction, plaintext, is_context, consumer);
    }
    return true;
}

OwnConnections::Connection* OwnConnections::find(const Flows& flows, const FlowKey& key) {
    const auto flow = flows.find(key);
    const auto found = flow != flows.end() ? connections_.find(flow->second) : connections_.end();
    return found != connections_.end() ? &found->second : nullptr;
}

/// A segment of ours holds one record, or one flight of the handshake.
OwnConnections::Payload OwnConnections::unwrap(Connection& connection, Direction direction,
                                               const Payload& segment) {
    std::uint32_t& flights = connection.flights[static_cast<std::size_t>(direction)];
    const std::size_t length = segment.bytes.size() + segment.cut;
    const bool is_data = segment.bytes.empty() ? flights == 0 : segment.bytes.front() == kApplicationData;
    if (!is_data && length != 0 && flights != 0) {
        --flights;
    }
    const bool is_whole = segment.bytes.size() < kRecordHeader ||
                          load_be<std::uint16_t>(segment.bytes, 3) == length - kRecordHeader;
    if (!is_data || !is_whole || length < kRecordHeader + kMac) {
        return {};
    }
    const std::size_t size = length - kRecordHeader - kMac;
    const ByteView bytes =
        segment.bytes.substr(std::min(kRecordHeader, segment.bytes.size())).substr(0, size);
    return {bytes, size - bytes.size()};
}

void OwnConnections::close(Connection& connection, CloseReason reason, Timestamp time,
                           EventConsumer& consumer) {
    consumer.on_event(CloseEvent{connection.info.id, time, reason});
    renumbered_.erase(connection.id_in_file);
    connections_.erase(ConnectionId(connection.info.id));  // its flow stays
}

void OwnConnections::deliver(Connection& connection, const CapturedPacket& packet, Direction direction,
                             const Payload& plaintext, bool is_context, EventConsumer& consumer) {
    if (is_context && !connection.begins_here) {
        return;
    }
    const auto index = static_cast<std::size_t>(direction);
    std::uint64_t& position = connection.positions[index];
    const std::uint64_t reached = position - connection.bases[index];
    if (!plaintext.bytes.empty()) {
        consumer.on_event(
            DataEvent{connection.info.id, packet.time, packet.tid, direction, reached, plaintext.bytes});
    }
    if (plaintext.cut != 0) {
        consumer.on_event(GapEvent{connection.info.id, packet.time, direction,
                                   reached + plaintext.bytes.size(), plaintext.cut, LossCause::snaplen});
    }
    // The comments do not count what is made up: their positions move on against those of the events.
    const std::uint64_t size = plaintext.bytes.size() + plaintext.cut;
    (is_context ? connection.bases[index] : position) += is_context ? -size : size;
}

void OwnConnections::begin(Flows& flows, const FlowKey& key, ConnectionComment comment, Timestamp time,
                           EventConsumer& consumer) {
    const ConnectionId id_in_file = comment.info.id;
    if (comment.update && id_in_file.pid == 0 && !renumbered_.contains(id_in_file)) {
        return;  // news of what the file did not begin
    }
    const ConnectionId id = id_for(id_in_file);
    comment.info.id = id;
    meet(*comment.info.process, comment.update ? time : comment.info.opened, consumer);
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
    connection.flights = kFlights;
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
    connection.flights = kFlights;
    connection.begins_here = false;
    const std::array<std::uint64_t, 2> begins{comment.sent_position, comment.received_position};
    for (const Direction direction : {Direction::sent, Direction::received}) {
        const auto index = static_cast<std::size_t>(direction);
        const std::uint64_t position = connection.positions[index];
        const std::uint64_t missing = begins[index] - std::min(position, begins[index]);
        if (comment.gap && comment.gap->direction == direction) {
            const auto& [_, cause, bytes] = *comment.gap;
            connection.positions[index] += bytes ? 0 : missing;
            on_gap(connection, {direction, position, bytes ? missing : 0, cause}, time, consumer);
        } else if (missing != 0) {  // packets were taken from the file
            on_gap(connection, {direction, position, missing, LossCause::unknown}, time, consumer);
        }
    }
}

void OwnConnections::learn(Connection& connection, const ConnectionInfo& news, Timestamp time,
                           EventConsumer& consumer) {
    ConnectionInfo& known = connection.info;
    const bool is_told = news.endpoints != Endpoints{};  // else the writer had forgotten them
    if (is_told && (known.endpoints != news.endpoints || known.correlation != news.correlation ||
                    known.role != news.role)) {
        EndpointsEvent event;
        event.connection = known.id;
        event.time = time;
        event.role = news.role;
        event.correlation = news.correlation;
        event.endpoints = news.endpoints;
        consumer.on_event(event);
    }
    if (known.tls != news.tls || (!is_told && news.role != Role::unknown && news.role != known.role)) {
        consumer.on_event(TlsEvent{known.id, time, news.role, news.tls});
    }
    if (is_told) {
        known.endpoints = news.endpoints;
        known.correlation = news.correlation;
    }
    known.role = is_told || news.role != Role::unknown ? news.role : known.role;
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

/// Where nobody told the cause there was no event either: positions jump.
void OwnConnections::on_gap(Connection& connection, const GapComment& gap, Timestamp time,
                            EventConsumer& consumer) {
    const auto index = static_cast<std::size_t>(gap.direction);
    std::uint64_t& position = connection.positions[index];
    if (gap.cause) {
        consumer.on_event(GapEvent{connection.info.id, time, gap.direction,
                                   position - connection.bases[index], gap.bytes, *gap.cause});
    }
    position += gap.bytes;
}

}  // namespace sslsniff
