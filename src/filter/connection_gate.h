#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "filter/endpoint_filter.h"
#include "model/event.h"

namespace sslsniff {

/// Lets the events of those connections through whose endpoints pass a filter; without one, all. Until the
/// endpoints are known events wait, bounded; connections of which they never become known stay out and are
/// counted.
class ConnectionGate final : public EventConsumer {
  public:
    struct Limits {
        std::size_t max_connections = 131'072;  ///< beyond, the one that was idle longest is forgotten
        std::size_t max_waiting =
            std::size_t{16} * 1024 * 1024;  ///< bytes of memory; beyond, who waits longest stays out
    };

    /// Borrows `next`.
    ConnectionGate(std::optional<EndpointFilter> filter, EventConsumer& next, const Limits& limits)
        : filter_(std::move(filter)), next_(next), limits_(limits), is_open_(!filter_) {}
    ConnectionGate(std::optional<EndpointFilter> filter, EventConsumer& next)
        : ConnectionGate(std::move(filter), next, Limits()) {}

    /// Connections that begin from now on are judged by another one.
    void set(std::optional<EndpointFilter> filter);

    void on_event(const CaptureEvent& event) override;
    /// Connections left out since nobody knows their socket.
    std::uint64_t undecided() const { return undecided_ + waiting_.size(); }

  private:
    struct Entry;
    struct Waiting {
        std::vector<CaptureEvent> events;
        std::vector<Bytes> payloads;  ///< what DataEvents among them view, by their order
        std::size_t size = 0;         ///< bytes of payload, and something for each event
        std::size_t held = 0;         ///< bytes of memory
        std::list<Entry*>::iterator place;
    };
    struct Entry {
        ConnectionId id;
        std::unique_ptr<Waiting> waiting;  ///< null: it was decided
        bool passes = false;
        std::list<Entry*>::iterator recency;
    };

    void on_process(ProcessEvent event);
    void tell_of_parts(Timestamp time);
    void on_event_of(const ConnectionId& id, const CaptureEvent& event);
    Entry& find(const ConnectionId& id, bool begins);
    void wait(Entry& entry, const CaptureEvent& event);
    Waiting decide(Entry& entry, bool passes);
    void leave_out(Entry& entry);
    void release(Waiting waiting);
    void forget(Entry& entry);

    std::optional<EndpointFilter> filter_;
    EventConsumer& next_;
    Limits limits_;
    bool is_open_;                 ///< there never was a filter: no connection is remembered
    bool was_open_ = is_open_;     ///< at the beginning
    bool leaves_out_ = !is_open_;  ///< connections, or will when it has said so of `whole_`
    std::map<ProcessKey, ProcessEvent>
        whole_;  ///< processes that were said to be seen wholly, kMostWhole of them
    std::map<ConnectionId, Entry> connections_;
    std::list<Entry*> recency_;  ///< of all, longest idle first
    std::list<Entry*> waiting_;  ///< those that wait, oldest first
    std::size_t held_ = 0;       ///< bytes of memory for what waits
    std::uint64_t undecided_ = 0;
};

}  // namespace sslsniff
