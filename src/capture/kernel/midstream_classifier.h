#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>

#include "base/bytes.h"
#include "capture/kernel/kernel_side.h"
#include "model/event.h"
#include "model/held_events.h"

namespace sslsniff {

/// What looks like a cleartext connection that was open before the capture may be TLS: the kernel side knows
/// records where buffers begin with them, which those of bulk transfers hardly ever do. So the events of such
/// connections wait until it is known what they carry:
///   - text, or first bytes without TLS records in them: cleartext. They are handed on.
///   - TLS records, and the socket is that of a TLS object, or the process has TLS objects: nothing is handed
///     on, because their plaintext is captured.
///   - other TLS records: a TLS connection that is not decoded.
/// Waiting ends after kPatience of event time, or when more than kMaxBytes wait (the connection that waits
/// longest goes first).
class MidstreamClassifier {
  public:
    static constexpr Duration kPatience = std::chrono::seconds(2);
    static constexpr std::size_t kMaxBytes = std::size_t{16} << 20U;

    /// With `show_undecoded`, TLS that is not captured is handed on without its bytes, else not at all.
    MidstreamClassifier(KernelSide& kernel, bool show_undecoded)
        : kernel_(kernel), show_undecoded_(show_undecoded) {}

    /// Delivers `event` to `consumer`, now, later or never.
    void pass(const CaptureEvent& event, EventConsumer& consumer);
    /// Decides what has waited too long at `now`.
    void expire(Timestamp now, EventConsumer& consumer);
    /// Decides everything.
    void flush(EventConsumer& consumer);

    std::size_t waiting_bytes() const { return bytes_; }

  private:
    struct Doubt {
        OpenEvent open;
        EndpointsEvent endpoints;
        HeldEvents events;
        std::array<Bytes, 2> seen;  // of each direction since the last gap
        bool tls = false;
    };
    using Doubts = std::map<ConnectionId, Doubt>;

    void see(const OpenEvent& event, EventConsumer& consumer);
    void see(const EndpointsEvent& event, EventConsumer& consumer);
    void see(const DataEvent& event, EventConsumer& consumer);
    void see(const GapEvent& event, EventConsumer& consumer);
    void see(const CloseEvent& event, EventConsumer& consumer);
    void see(const ProcessEvent& event, EventConsumer& consumer);
    template <class Event>
    void see(const Event& event, EventConsumer& consumer) {
        consumer.on_event(event);
    }
    void hold(Doubts::iterator at, const CaptureEvent& event);
    void decide(Doubts::iterator at, EventConsumer& consumer);
    void release(Doubts::iterator at, EventConsumer& consumer);
    void name_tls(const Doubt& doubt, EventConsumer& consumer);
    void drop(Doubts::iterator at);
    void decide_longest(EventConsumer& consumer);
    void cover(std::uint64_t cookie, Timestamp time, EventConsumer& consumer);

    KernelSide& kernel_;
    bool show_undecoded_;
    Doubts doubts_;
    std::deque<ConnectionId> order_;                         // longest first; may name what is decided
    std::map<ConnectionId, bool> silenced_;                  // nothing of them passes; value: but their end
    std::map<ConnectionId, std::uint64_t> taken_for_clear_;  // -> cookie
    std::set<ProcessKey> tls_processes_;
    std::size_t bytes_ = 0;
};

}  // namespace sslsniff
