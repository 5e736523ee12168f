#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "model/event.h"

namespace sslsniff {

/// Keeps the first payload of connections whose socket is not known yet until it is, so that already their
/// first transactions carry the peer. Everything else passes at once, and so does what belongs to connections
/// with a socket: the order of events changes between connections only, never within one.
///
/// Waiting ends with the EndpointsEvent, which is then delivered first; with the connection; or, the socket
/// still unknown, after kPatience of event time or when more than kMaxBytes or kMaxEvents wait (the
/// connection that waits longest gives up first). Patience counts from the first payload, or from when the
/// probes came that can tell the socket: on a busy machine that is long after they were asked for. A
/// connection waits once in its life.
class BindingDelay {
  public:
    static constexpr Duration kPatience = std::chrono::milliseconds(500);
    static constexpr std::size_t kMaxBytes = 16U << 20U;
    static constexpr std::size_t kMaxEvents = 16384;

    /// From `now` on there are the probes that tell sockets of this process; 0: of all processes.
    void on_probes(std::uint32_t pid, Timestamp now);

    /// Delivers `event` to `consumer`, now or by a later call.
    void pass(const CaptureEvent& event, EventConsumer& consumer);

    /// Delivers what has waited too long at `now`.
    void expire(Timestamp now, EventConsumer& consumer);

    /// Delivers everything.
    void flush(EventConsumer& consumer);

    std::size_t waiting_bytes() const { return bytes_; }

  private:
    struct Waiting {
        CaptureEvent event;  // DataEvent::bytes is empty: they are in `bytes`
        Bytes bytes;
    };
    struct Connection {
        Timestamp since;
        std::vector<Waiting> events;
    };

    void pass_about(const ConnectionId& id, const CaptureEvent& event, EventConsumer& consumer);
    bool begins_waiting(const ConnectionId& id, const CaptureEvent& event) const;
    void hold(const ConnectionId& id, const CaptureEvent& event);
    void release(const ConnectionId& id, EventConsumer& consumer);
    Timestamp patience_begins(const ConnectionId& id, Timestamp first_payload) const;

    std::map<ConnectionId, bool> unbound_;  // open, without a socket; value: may still wait
    std::map<ConnectionId, Connection> waiting_;
    std::set<std::pair<Timestamp, ConnectionId>> order_;  // of waiting_, by `since`
    std::map<std::uint32_t, Timestamp> probes_;           // by process: when they came, lately
    std::size_t bytes_ = 0;
    std::size_t events_ = 0;
};

}  // namespace sslsniff
