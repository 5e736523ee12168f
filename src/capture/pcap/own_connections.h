#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>

#include "capture/pcap/flow_key.h"
#include "capture/pcap/ip_packet.h"
#include "capture/pcap/packet_file.h"
#include "capture/pcap/tcp_stream.h"
#include "model/event.h"
#include "model/packet_comment.h"

namespace sslsniff {

/// Restores the events from which sslsniff wrote a pcapng file: its comments say which process and connection
/// the packets belong to, its synthetic TLS records are taken off. Packets of connections whose first packet
/// is missing (a filtered file) are not recognised here.
class OwnConnections {
  public:
    /// Borrows `next_generation`, which numbers connections of unknown processes: those in the file may have
    /// the number of one of ours.
    explicit OwnConnections(std::uint64_t& next_generation) : next_generation_(next_generation) {}

    /// True when the packet was understood; nothing else may look at it then.
    bool on_tcp(const CapturedPacket& packet, const IpPacket& ip, const TcpSegmentView& segment,
                EventConsumer& consumer);
    bool on_udp(const CapturedPacket& packet, const IpPacket& ip, EventConsumer& consumer);

  private:
    using Flows = std::unordered_map<FlowKey, ConnectionId, FlowKeyHash>;
    struct Connection {
        ConnectionInfo info;
        ConnectionId id_in_file;
        bool tls_records = false;
        std::array<std::uint32_t, 2> flights{};  ///< of the synthetic TLS handshake, still to come
        bool begins_here = true;               ///< the file holds nothing of it before the part that is read
        std::array<std::uint64_t, 2> bases{};  ///< positions the file begins with
        std::array<std::uint64_t, 2> positions{};  ///< of the next bytes, as the comments count
    };

    /// What a packet carries of its connection.
    struct Payload {
        ByteView bytes;
        std::uint64_t cut = 0;  ///< bytes behind them that the file no longer has
    };

    bool on_packet(const CapturedPacket& packet, const FlowKey& key, const Payload& payload,
                   EventConsumer& consumer);
    Connection* find(const Flows& flows, const FlowKey& key);
    static Payload unwrap(Connection& connection, Direction direction, const Payload& segment);
    void close(Connection& connection, CloseReason reason, Timestamp time, EventConsumer& consumer);
    void begin(Flows& flows, const FlowKey& key, ConnectionComment comment, Timestamp time,
               EventConsumer& consumer);
    ConnectionId id_for(const ConnectionId& id_in_file);
    void resume(Connection& connection, const ConnectionComment& comment, Timestamp time,
                EventConsumer& consumer);
    void learn(Connection& connection, const ConnectionInfo& news, Timestamp time, EventConsumer& consumer);
    void meet(const ProcessInfo& process, Timestamp time, EventConsumer& consumer);
    void deliver(Connection& connection, const CapturedPacket& packet, Direction direction,
                 const Payload& plaintext, bool is_context, EventConsumer& consumer);
    void on_gap(Connection& connection, const GapComment& gap, Timestamp time, EventConsumer& consumer);

    std::uint64_t& next_generation_;
    std::array<Flows, 2> flows_;  ///< of hidden packets apart
    std::map<ConnectionId, Connection> connections_;
    std::map<ConnectionId, ConnectionId> renumbered_;  ///< those of unknown processes
    std::map<ProcessKey, std::string> processes_;      ///< comm
};

}  // namespace sslsniff
