#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "model/event.h"
#include "model/transaction.h"
#include "stream/connection.h"
#include "stream/peer_names.h"
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
    /// The source ended: closes what is open, then reports the summary. Nothing may follow.
    void finish(Timestamp time);

    /// Totals so far; those of open connections are not in it.
    const CaptureSummary& summary() const { return summary_; }
    std::size_t open_connections() const { return connections_.size(); }
    std::size_t known_processes() const { return processes_.size(); }

  private:
    struct Entry {
        Entry(ConnectionInfo info, const StreamLimits& limits, TransactionSink& sink,
              std::list<ConnectionId>::iterator place)
            : connection(std::move(info), limits, sink), recency(place) {}
        Connection connection;
        std::list<ConnectionId>::iterator recency;
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

    Connection& find(const ConnectionId& id, Timestamp time);
    Connection& create(const OpenEvent& event);
    void name_peer(Connection& connection);
    void close(Connections::iterator entry, CloseReason reason, Timestamp time);
    void erase(Connections::iterator entry);
    void close_all(const ProcessKey& process, std::optional<Carrier> carrier, Timestamp time);
    void count_loss(const CaptureSummary::Loss& loss);
    const std::shared_ptr<const ProcessInfo>& process(const ProcessKey& key);
    void forget_idle_processes();

    TransactionSink& sink_;
    StreamLimits limits_;
    PeerNames* names_;  ///< may be null
    Connections connections_;
    std::list<ConnectionId> recency_;  ///< longest idle first
    Connections::iterator latest_;     ///< of the last event, or end
    std::map<ProcessKey, std::shared_ptr<const ProcessInfo>> processes_;
    CaptureSummary summary_;
    bool started_ = false;
};

}  // namespace sslsniff
