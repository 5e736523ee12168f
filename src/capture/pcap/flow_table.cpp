#include "capture/pcap/flow_table.h"

#include <chrono>
#include <optional>

#include "base/endian.h"

namespace sslsniff {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxFlows = 65'536;  ///< of each list
constexpr Duration kUdpIdle = 60s;
constexpr Duration kClosedIdle = 60s;  ///< late segments of a closed connection must not look like a new one
constexpr std::size_t kMaxHeld = 64 << 20;
constexpr std::size_t kUdpHeader = 8;

/// Without a SYN the lower port is taken for the server's.
bool source_is_client(const Endpoint& source, const Endpoint& destination) {
    return source.port >= destination.port;
}

}  // namespace

void FlowTable::on_tcp(const IpPacket& packet, const TcpSegmentView& segment, Timestamp time,
                       EventConsumer& consumer) {
    const Endpoint source{packet.source, segment.source_port};
    const Endpoint destination{packet.destination, segment.destination_port};
    const FlowKey key = FlowKey::of(source, destination, kProtocolTcp);
    auto found = flows_.find(key);
    const bool opens = segment.syn && !segment.ack;
    if (found != flows_.end() && opens && !found->second.flow->is_opened_by(segment.sequence)) {
        Flow& old = *found->second.flow;  // the ports are used again
        held_bytes_ -= old.held_bytes();
        old.close(CloseReason::socket_closed, time, consumer);
        retire(found);
        found = flows_.end();
    }
    if (found == flows_.end()) {
        if (!segment.syn && segment.length == 0) {
            return;  // the last ACKs of what is over
        }
        const bool is_client = opens || (!segment.syn && source_is_client(source, destination));
        found = add({.key = key,
                     .id = {.generation = next_generation_++},
                     .transport = Transport::tcp,
                     .client = is_client ? source : destination,
                     .server = is_client ? destination : source,
                     .opened = time,
                     .midstream = !segment.syn},
                    tcp_list, consumer);
    }
    Flow& flow = *found->second.flow;
    touch(found->second, time);
    if (flow.is_closed()) {
        return;
    }
    held_bytes_ -= flow.held_bytes();
    flow.on_segment(flow.direction_from(source), segment, time, consumer);
    if (held_bytes_ + flow.held_bytes() > kMaxHeld) {
        flow.flush(time, consumer);
    }
    held_bytes_ += flow.held_bytes();
    if (flow.is_closed()) {
        Entry& entry = found->second;
        lists_[closed_list].splice(lists_[closed_list].end(), lists_[entry.list], entry.flow);
        entry.list = closed_list;
    }
}

void FlowTable::on_udp(const IpPacket& packet, Timestamp time, EventConsumer& consumer) {
    if (packet.payload.size() < kUdpHeader || packet.length < kUdpHeader) {
        return;
    }
    const Endpoint source{packet.source, load_be<std::uint16_t>(packet.payload, 0)};
    const Endpoint destination{packet.destination, load_be<std::uint16_t>(packet.payload, 2)};
    const std::size_t stated = load_be<std::uint16_t>(packet.payload, 4);
    const std::size_t length = stated >= kUdpHeader && stated <= packet.length ? stated : packet.length;
    const FlowKey key = FlowKey::of(source, destination, kProtocolUdp);
    auto found = flows_.find(key);
    if (found == flows_.end()) {
        const bool is_client = source_is_client(source, destination);
        found = add({.key = key,
                     .id = {.generation = next_generation_++},
                     .transport = Transport::udp,
                     .client = is_client ? source : destination,
                     .server = is_client ? destination : source,
                     .opened = time,
                     .midstream = false},
                    udp_list, consumer);
    }
    touch(found->second, time);
    Flow& flow = *found->second.flow;
    const ByteView octets = packet.payload.substr(kUdpHeader, length - kUdpHeader);
    flow.on_datagram(flow.direction_from(source), octets, length - kUdpHeader - octets.size(), time,
                     consumer);
}

void FlowTable::finish(EventConsumer& consumer) {
    for (Flow& flow : lists_[tcp_list]) {
        flow.flush(flow.last_seen, consumer);
    }
    held_bytes_ = 0;
}

FlowTable::Map::iterator FlowTable::add(const Flow::Start& start, List list, EventConsumer& consumer) {
    make_room(start.opened, consumer);
    lists_[list].emplace_back(start);
    return flows_.emplace(start.key, Entry{std::prev(lists_[list].end()), list}).first;
}

void FlowTable::touch(Entry& entry, Timestamp time) {
    entry.flow->last_seen = time;
    Flows& list = lists_[entry.list];
    list.splice(list.end(), list, entry.flow);
}

void FlowTable::retire(Map::iterator which) {
    lists_[which->second.list].erase(which->second.flow);
    flows_.erase(which);
}

void FlowTable::remove_front(List list, EventConsumer& consumer) {
    Flow& flow = lists_[list].front();
    held_bytes_ -= flow.is_closed() ? 0 : flow.held_bytes();
    flow.close(CloseReason::freed, flow.last_seen, consumer);
    retire(flows_.find(flow.key()));
}

void FlowTable::make_room(Timestamp now, EventConsumer& consumer) {
    const auto idle = [&](List list, Duration time) {
        return !lists_[list].empty() && now - lists_[list].front().last_seen > time;
    };
    while (lists_[udp_list].size() >= kMaxFlows || idle(udp_list, kUdpIdle)) {
        remove_front(udp_list, consumer);
    }
    while (lists_[closed_list].size() >= kMaxFlows || idle(closed_list, kClosedIdle)) {
        remove_front(closed_list, consumer);
    }
    while (lists_[tcp_list].size() >= kMaxFlows) {
        remove_front(tcp_list, consumer);
    }
}

}  // namespace sslsniff
