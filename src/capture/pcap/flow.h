#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "capture/pcap/flow_key.h"
#include "capture/pcap/tcp_opening.h"
#include "capture/pcap/tcp_stream.h"
#include "capture/pcap/tls_layer.h"
#include "model/event.h"

namespace sslsniff {

/// One TCP connection or pair of UDP ports in a capture of someone else, turned into events. Nobody knows the
/// process: the client counts as the local side, pid is 0.
class Flow final : LayerReceiver {
  public:
    struct Start {
        FlowKey key;
        ConnectionId id;
        Transport transport = Transport::tcp;
        Endpoint client;
        Endpoint server;
        Timestamp opened;
        bool midstream = false;
        std::uint64_t* next_generation = nullptr;  ///< numbers connections; never null
    };
    explicit Flow(const Start& start) : start_(start) {}

    Direction direction_from(const Endpoint& source) const {
        return source == start_.client ? Direction::sent : Direction::received;
    }
    void on_segment(Direction direction, const TcpSegmentView& segment, Timestamp time,
                    EventConsumer& consumer);
    void on_datagram(Direction direction, ByteView bytes, std::uint64_t cut, Timestamp time,
                     EventConsumer& consumer);
    /// Delivers what waits for missing segments, with gaps.
    void flush(Timestamp time, EventConsumer& consumer);
    /// The same, then the end of the connection.
    void close(CloseReason reason, Timestamp time, EventConsumer& consumer);
    /// The capture ends at `now`: the same, but of connections only those are over that cannot come about.
    void finish(Timestamp now, EventConsumer& consumer);

    bool is_closed() const { return closed_; }
    /// An RST closed it, and now its sender says more: it was somebody else's.
    bool goes_on(Direction direction, const TcpSegmentView& segment) const;
    /// The connection that goes on then.
    Start start_again(Timestamp time) const;
    /// A client asked for this connection, and nobody has answered.
    bool is_unanswered() const { return opening_.is_unanswered(); }
    const FlowKey& key() const { return start_.key; }
    /// True when a SYN with this number opened the flow.
    bool is_opened_by(std::uint32_t sequence) const { return opening_.is_begun_by(sequence); }
    std::size_t held_bytes() const;
    Timestamp last_seen;

  private:
    class StreamReceiver;

    void on_layer(WireLayer layer, const TlsInfo& tls, Timestamp time) override;
    void on_bytes(Direction direction, ByteView bytes, Timestamp time) override;
    void on_missing(Direction direction, std::uint64_t bytes, LossCause cause, Timestamp time) override;
    void begin_next_part(CloseReason reason, Timestamp time);
    void announce(Carrier carrier);
    void tell_endpoints(Timestamp time);

    Start start_;
    TcpOpening opening_;
    std::array<TcpStream, 2> streams_;
    TlsLayer layer_;
    std::array<std::uint64_t, 2> positions_{};
    EventConsumer* consumer_ = nullptr;  ///< set during calls
    bool announced_ = false;
    bool closed_ = false;
    std::optional<Direction> reset_by_;
};

}  // namespace sslsniff
