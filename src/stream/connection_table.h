#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "model/event.h"
#include "model/event_observer.h"
#include "model/transaction.h"
#include "stream/connection.h"
#include "stream/former_parts.h"
#include "stream/local_ends.h"
#include "stream/peer_names.h"
#include "stream/process_causes.h"
#include "stream/stream_limits.h"

namespace sslsniff {

/// From events to transactions: keeps processes and connections, and tells the sink what they did. Everything
/// it holds is bounded by its limits.
class ConnectionTable final : public EventConsumer {
  public:
    /// `sink` must outlive the table, and so must `names`: what peers are called is learned and looked up
    /// there, unless it is null.
    explicit ConnectionTable(TransactionSink& sink, const StreamLimits& limits = {},
                             PeerNames* names = nullptr);

    void on_event(const CaptureEvent& event) override;
    /// It must outlive the table. Before the first event.
    void add_observer(EventObserver& observer) { observers_.push_back(&observer); }
    /// The source ended: closes what is open, then reports the summary. Nothing may follow.
    void finish(Timestamp time);

    /// Totals so far; those of open connections are not in it.
    const CaptureSummary& summary() const { return summary_; }
    /// The same with those of open connections: takes time for each.
    CaptureSummary running_summary() const;
    std::size_t open_connections() const { return connections_.size(); }
    std::size_t known_processes() const { return processes_.size(); }
    /// Bytes of memory that the connections hold, as far as they know.
    std::size_t held() const { return held_; }

  private:
    struct Entry {
        Entry(ConnectionInfo info, const StreamLimits& limits, TransactionSink& sink,
              std::shared_ptr<ProcessCauses> causes)
            : connection(std::move(info), limits, sink, std::move(causes)) {}
        Connection connection;
        std::list<Entry*>::iterator recency;
        std::uint64_t told = 0;             ///< Connection::changes() when the sink was told last
        std::size_t held = 0;               ///< bytes of memory, when it was last measured
        std::optional<Timestamp> wakes_at;  ///< as in wakes_
        unsigned part = 0;                  ///< what its socket carried before, as FormerParts counts
        bool has_end = false;               ///< it is among local_ends_
        bool has_no_more = false;  ///< it was asked to give up memory, and had nothing; since its last event
    };
    using Connections = std::map<ConnectionId, Entry>;  // those of a process are neighbours

    void on(const ProcessEvent& event);
    void on(const OpenEvent& event);
    void on(const EndpointsEvent& event);
    void on(const TlsEvent& event);
    void on(const DataEvent& event);
    void on(const GapEvent& event);
    void on(const CloseEvent& event);
    void on(const LossEvent& event);

    struct KnownProcess {
        std::shared_ptr<const ProcessInfo> info;
        std::shared_ptr<ProcessCauses> causes;  ///< null: not known which process it is
        bool has_connected = false;             ///< the summary counts it
    };

    Connection& find(const ConnectionId& id, Timestamp time);
    Connection& create(const OpenEvent& event);
    void tell_change(Entry& entry);
    void tell_observers(const CaptureEvent& event) const;
    void tell_end(const Connection& connection, CloseReason reason, Timestamp time) const;
    void measure(Entry& entry);
    void plan_wake(Entry& entry, std::optional<Timestamp> time);
    void wake(Timestamp now);
    void bound_memory(Timestamp time);
    std::uint64_t free_memory(std::size_t goal, Timestamp time);
    void name_peer(Connection& connection);
    void link_parts(Entry& entry);
    void link_ends(Entry& entry);
    static void add(CaptureSummary& summary, const Connection& connection);
    void close(Connections::iterator entry, CloseReason reason, Timestamp time);
    Connections::iterator longest_idle();
    void erase(Connections::iterator entry);
    void close_all(const ProcessKey& process, std::optional<Carrier> carrier, Timestamp time);
    void count_loss(const CaptureSummary::Loss& loss);
    KnownProcess& known_process(const ProcessKey& key);
    const KnownProcess& connecting_process(const ProcessKey& key);
    void forget_idle_processes();

    TransactionSink& sink_;
    StreamLimits limits_;
    PeerNames* names_;  ///< may be null
    std::vector<EventObserver*> observers_;
    Connections connections_;
    std::list<Entry*> recency_;     ///< longest idle first
    Connections::iterator latest_;  ///< of the last event, or end
    std::map<ProcessKey, KnownProcess> processes_;
    FormerParts former_parts_;
    LocalEnds local_ends_;
    std::set<std::pair<Timestamp, ConnectionId>> wakes_;  ///< when parsers want to be woken
    std::size_t held_ = 0;                                ///< sum of Entry::held
    CaptureSummary summary_;
    bool started_ = false;
};

}  // namespace sslsniff
