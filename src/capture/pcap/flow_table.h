#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <unordered_map>

#include "capture/pcap/flow.h"
#include "capture/pcap/flow_key.h"
#include "capture/pcap/icmp.h"
#include "capture/pcap/ip_packet.h"

namespace sslsniff {

/// All flows of a capture. Bounded: the connections idle the longest are given up.
class FlowTable {
  public:
    /// Borrows `next_generation`, which numbers connections.
    explicit FlowTable(std::uint64_t& next_generation) : next_generation_(next_generation) {}

    void on_tcp(const IpPacket& packet, const TcpSegmentView& segment, Timestamp time,
                EventConsumer& consumer);
    /// Ends a connection that is being asked for; others outlive such news (RFC 9293 section 3.9.2.2).
    void on_unreachable(const Unreachable& news, Timestamp time, EventConsumer& consumer);
    void on_udp(const IpPacket& packet, Timestamp time, EventConsumer& consumer);
    /// The capture ends: delivers what waits. Connections that came about stay open.
    void finish(Timestamp now, EventConsumer& consumer);

    std::size_t size() const { return flows_.size(); }

  private:
    /// Lists in the order of last use, the longest idle first.
    enum List : std::uint8_t { unanswered_list, tcp_list, udp_list, closed_list, list_count };
    using Flows = std::list<Flow>;
    struct Entry {
        Flows::iterator flow;
        List list = tcp_list;
    };
    using Map = std::unordered_map<FlowKey, Entry, FlowKeyHash>;

    Map::iterator add(const Flow::Start& start, List list, EventConsumer& consumer);
    void touch(Entry& entry, Timestamp time);
    void move(Entry& entry, List list);
    void retire(Map::iterator which);
    void remove_front(List list, CloseReason reason, EventConsumer& consumer);
    void make_room(Timestamp now, EventConsumer& consumer);
    void bound_held(Timestamp now, EventConsumer& consumer);

    std::uint64_t& next_generation_;
    std::array<Flows, list_count> lists_;
    Map flows_;
    std::size_t held_bytes_ = 0;
};

}  // namespace sslsniff
