#include "capture/pcap/flow_table.h"

#include <chrono>
#include <optional>

#include "base/endian.h"

namespace sslsniff {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxFlows = 65'536;  ///< of each list
constexpr Duration kUdpIdle = 60s;
/// The longest that Linux waits between two SYNs is 64 s: after more, no answer and no other SYN comes.
constexpr Duration kUnansweredIdle = 65s;
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
    const FlowKey key = FlowKey::of(source, destination, kProtocolTcp, packet.domain);
    auto found = flows_.find(key);
    const bool opens = segment.syn && !segment.ack;
    const bool reopens =
        found != flows_.end() && opens &&
        (found->second.flow->is_closed() || !found->second.flow->is_opened_by(segment.sequence));
    const bool goes_on = found != flows_.end() &&
                         found->second.flow->goes_on(found->second.flow->direction_from(source), segment);
    std::optional<Flow::Start> again;
    if (goes_on) {  // it was not this side that sent the RST, and the other one ignored it
        again = found->second.flow->start_again(time);
        again->id = {.generation = next_generation_++};
    }
    if (reopens || goes_on) {
        Flow& old = *found->second.flow;  // the ports are used again
        held_bytes_ -= old.is_closed() ? 0 : old.held_bytes();
        old.close(old.is_unanswered() ? CloseReason::timed_out : CloseReason::socket_closed, time, consumer);
        retire(found);
        found = flows_.end();
    }
    if (again) {
        found = add(*again, tcp_list, consumer);
    } else if (found == flows_.end()) {
        if (!segment.syn && (segment.length == 0 || segment.rst)) {
            return;  // the last segments of what is over
        }
        const bool is_client = opens || (!segment.syn && source_is_client(source, destination));
        found = add({.key = key,
                     .id = {.generation = next_generation_++},
                     .transport = Transport::tcp,
                     .client = is_client ? source : destination,
                     .server = is_client ? destination : source,
                     .opened = time,
                     .midstream = !segment.syn,
                     .next_generation = &next_generation_},
                    opens ? unanswered_list : tcp_list, consumer);
    }
    Flow& flow = *found->second.flow;
    touch(found->second, time);
    if (flow.is_closed()) {
        return;
    }
    held_bytes_ -= flow.held_bytes();
    flow.on_segment(flow.direction_from(source), segment, time, consumer);
    held_bytes_ += flow.held_bytes();
    move(found->second, flow.is_closed() ? closed_list : flow.is_unanswered() ? unanswered_list : tcp_list);
    if (held_bytes_ > kMaxHeld) {
        bound_held(time, consumer);
    }
}

/// Those with holes that were idle longest wait no more, for whoever goes on may still be out of order. An
/// eighth at once: looking for them costs time by the number of flows.
void FlowTable::bound_held(Timestamp now, EventConsumer& consumer) {
    for (const List list : {unanswered_list, tcp_list}) {
        for (auto at = lists_[list].begin(); at != lists_[list].end() && held_bytes_ > kMaxHeld / 8 * 7;) {
            Flow& flow = *at++;
            if (flow.held_bytes() == 0) {
                continue;
            }
            held_bytes_ -= flow.held_bytes();
            flow.flush(now, consumer);
            held_bytes_ += flow.held_bytes();
            if (flow.is_closed()) {
                move(flows_.find(flow.key())->second, closed_list);
            }
        }
    }
}

void FlowTable::on_unreachable(const Unreachable& news, Timestamp time, EventConsumer& consumer) {
    const auto found = flows_.find(FlowKey::of(news.source, news.destination, kProtocolTcp, news.domain));
    if (found == flows_.end()) {
        return;
    }
    Flow& flow = *found->second.flow;
    const bool from_client = flow.direction_from(news.source) == Direction::sent;
    if (from_client && !flow.is_closed() && flow.is_unanswered() && flow.is_opened_by(news.sequence)) {
        held_bytes_ -= flow.held_bytes();
        touch(found->second, time);
        flow.close(news.reason, time, consumer);
        move(found->second, closed_list);
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
    const FlowKey key = FlowKey::of(source, destination, kProtocolUdp, packet.domain);
    auto found = flows_.find(key);
    if (found == flows_.end()) {
        const bool is_client = source_is_client(source, destination);
        found = add({.key = key,
                     .id = {.generation = next_generation_++},
                     .transport = Transport::udp,
                     .client = is_client ? source : destination,
                     .server = is_client ? destination : source,
                     .opened = time,
                     .midstream = false,
                     .next_generation = &next_generation_},
                    udp_list, consumer);
    }
    touch(found->second, time);
    Flow& flow = *found->second.flow;
    const ByteView bytes = packet.payload.substr(kUdpHeader, length - kUdpHeader);
    flow.on_datagram(flow.direction_from(source), bytes, length - kUdpHeader - bytes.size(), time, consumer);
}

void FlowTable::finish(Timestamp now, EventConsumer& consumer) {
    for (const List list : {unanswered_list, tcp_list}) {
        for (Flow& flow : lists_[list]) {
            flow.finish(now, consumer);
        }
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

void FlowTable::move(Entry& entry, List list) {
    lists_[list].splice(lists_[list].end(), lists_[entry.list], entry.flow);
    entry.list = list;
}

void FlowTable::retire(Map::iterator which) {
    lists_[which->second.list].erase(which->second.flow);
    flows_.erase(which);
}

void FlowTable::remove_front(List list, CloseReason reason, EventConsumer& consumer) {
    Flow& flow = lists_[list].front();
    held_bytes_ -= flow.is_closed() ? 0 : flow.held_bytes();
    flow.close(reason, flow.last_seen, consumer);
    retire(flows_.find(flow.key()));
}

void FlowTable::make_room(Timestamp now, EventConsumer& consumer) {
    const auto trim = [&](List list, Duration patience, CloseReason reason) {
        const Flows& flows = lists_[list];
        while (flows.size() >= kMaxFlows || (!flows.empty() && now - flows.front().last_seen > patience)) {
            remove_front(list, reason, consumer);
        }
    };
    trim(udp_list, kUdpIdle, CloseReason::freed);
    trim(closed_list, kClosedIdle, CloseReason::freed);
    trim(unanswered_list, kUnansweredIdle, CloseReason::timed_out);
    trim(tcp_list, Duration::max(), CloseReason::given_up);
}

}  // namespace sslsniff
