#include "stream/connection_table.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace sslsniff {

ConnectionTable::ConnectionTable(TransactionSink& sink, const StreamLimits& limits, PeerNames* names)
    : sink_(sink), limits_(limits), names_(names), latest_(connections_.end()) {}

void ConnectionTable::on_event(const CaptureEvent& event) {
    const Timestamp time = time_of(event);
    if (!started_) {
        started_ = true;
        summary_.started = summary_.ended = time;
    }
    summary_.ended = std::max(summary_.ended, time);
    std::visit([this](const auto& e) { on(e); }, event);
}

void ConnectionTable::on(const ProcessEvent& event) {
    const ProcessKey key = event.process.key;
    if (event.kind == ProcessEvent::Kind::exited) {
        close_all(key, std::nullopt, event.time);
        processes_.erase(key);
        if (names_ != nullptr) {
            names_->forget(key);
        }
        return;
    }
    if (event.kind == ProcessEvent::Kind::exec) {
        close_all(key, Carrier::tls, event.time);  // the memory its TLS objects lived in is gone
    }
    summary_.processes += processes_.contains(key) ? 0 : 1;
    const auto info = std::make_shared<const ProcessInfo>(event.process);
    processes_[key] = info;
    for (auto at = connections_.lower_bound({key.pid, key.start_time, 0, 0});
         at != connections_.end() && at->first.process() == key; ++at) {
        at->second.connection.set_process(info);
    }
    forget_idle_processes();
}

void ConnectionTable::on(const OpenEvent& event) {
    if (const auto found = connections_.find(event.connection); found != connections_.end()) {
        close(found, CloseReason::freed, event.time);  // its close was lost
    }
    create(event);
}

void ConnectionTable::on(const EndpointsEvent& event) {
    Connection& connection = find(event.connection, event.time);
    connection.on_endpoints(event);
    name_peer(connection);
}

void ConnectionTable::on(const TlsEvent& event) {
    Connection& connection = find(event.connection, event.time);
    connection.on_tls(event);
    name_peer(connection);
}

/// Several names may share an address: the one in its own ClientHello is a connection's surest.
void ConnectionTable::name_peer(Connection& connection) {
    const ConnectionInfo& info = connection.info();
    if (names_ == nullptr || info.endpoints.remote.address.family == IpAddress::Family::none) {
        return;
    }
    const ProcessKey process = info.id.process();
    if (!info.tls.sni.empty() && info.role == Role::client) {
        names_->learn(process, info.endpoints.remote.address, info.endpoints.remote.port, info.tls.sni);
    }
    if (auto name = names_->find(process, info.endpoints.remote); !name.empty()) {
        connection.set_remote_name(std::move(name));
    }
}

void ConnectionTable::on(const DataEvent& event) {
    find(event.connection, event.time).on_data(event);
}

void ConnectionTable::on(const GapEvent& event) {
    // Events that never reached us are counted where they were lost, and reported as LossEvents.
    if (event.cause != LossCause::ring_full && event.cause != LossCause::map_full &&
        event.cause != LossCause::no_buffer) {
        count_loss({event.cause, 1, event.bytes});
    }
    find(event.connection, event.time).on_gap(event);
}

void ConnectionTable::on(const CloseEvent& event) {
    if (const auto found = connections_.find(event.connection); found != connections_.end()) {
        close(found, event.reason, event.time);
    }
}

void ConnectionTable::on(const LossEvent& event) {
    count_loss({event.cause, event.events, event.bytes});
    sink_.on_loss(event);
}

void ConnectionTable::count_loss(const CaptureSummary::Loss& loss) {
    const auto known = std::ranges::find(summary_.losses, loss.cause, &CaptureSummary::Loss::cause);
    if (known == summary_.losses.end()) {
        summary_.losses.push_back(loss);
    } else {
        known->events += loss.events;
        known->bytes += loss.bytes;
    }
}

/// The connection of an event. One whose beginning never reached us is joined mid-stream.
Connection& ConnectionTable::find(const ConnectionId& id, Timestamp time) {
    if (latest_ == connections_.end() || latest_->first != id) {
        latest_ = connections_.find(id);
    }
    if (latest_ == connections_.end()) {
        OpenEvent event;
        event.connection = id;
        event.time = time;
        event.midstream = true;
        return create(event);
    }
    recency_.splice(recency_.end(), recency_, latest_->second.recency);
    return latest_->second.connection;
}

Connection& ConnectionTable::create(const OpenEvent& event) {
    while (!connections_.empty() && connections_.size() >= limits_.max_connections) {
        const LossEvent loss{event.time, LossCause::connection_limit, 1, 0};
        close(connections_.find(recency_.front()), CloseReason::given_up, event.time);
        on(loss);
    }
    ConnectionInfo info;
    info.id = event.connection;
    info.process = process(event.connection.process());
    info.carrier = event.carrier;
    info.tls.library = event.library;
    info.opened = event.time;
    info.midstream = event.midstream;
    ++summary_.connections;
    recency_.push_back(event.connection);
    latest_ =
        connections_.try_emplace(event.connection, std::move(info), limits_, sink_, std::prev(recency_.end()))
            .first;
    return latest_->second.connection;
}

void ConnectionTable::close(Connections::iterator entry, CloseReason reason, Timestamp time) {
    Connection& connection = entry->second.connection;
    if (reason == CloseReason::covered) {  // its octets are those of another one
        --summary_.connections;
        erase(entry);
        return;
    }
    connection.close(reason, time);
    const StreamTotals& sent = connection.totals(Direction::sent);
    const StreamTotals& received = connection.totals(Direction::received);
    summary_.transactions += connection.transactions();
    summary_.unbound_connections += connection.info().correlation == Correlation::none ? 1 : 0;
    summary_.bytes_sent += sent.bytes;
    summary_.bytes_received += received.bytes;
    summary_.missing_bytes += sent.missing + received.missing;
    erase(entry);
}

void ConnectionTable::erase(Connections::iterator entry) {
    recency_.erase(entry->second.recency);
    connections_.erase(entry);
    latest_ = connections_.end();
}

void ConnectionTable::close_all(const ProcessKey& process, std::optional<Carrier> carrier, Timestamp time) {
    auto at = connections_.lower_bound({process.pid, process.start_time, 0, 0});
    while (at != connections_.end() && at->first.process() == process) {
        const auto next = std::next(at);
        if (!carrier || at->second.connection.info().carrier == *carrier) {
            close(at, CloseReason::process_exit, time);
        }
        at = next;
    }
}

const std::shared_ptr<const ProcessInfo>& ConnectionTable::process(const ProcessKey& key) {
    auto& known = processes_[key];
    if (!known) {
        summary_.processes += key.pid != 0 ? 1 : 0;  // 0: captures of others tell of none
        ProcessInfo info;
        info.key = key;
        known = std::make_shared<const ProcessInfo>(std::move(info));
    }
    return known;
}

/// Exits that were lost would let the table grow for ever.
void ConnectionTable::forget_idle_processes() {
    if (processes_.size() > connections_.size() + limits_.max_processes) {
        std::erase_if(processes_, [](const auto& entry) { return entry.second.use_count() == 1; });
    }
}

void ConnectionTable::finish(Timestamp time) {
    std::vector<Connections::iterator> open;
    for (auto at = connections_.begin(); at != connections_.end(); ++at) {
        open.push_back(at);
    }
    std::ranges::sort(
        open, {}, [](const auto& at) { return std::pair(at->second.connection.info().opened, at->first); });
    for (const auto& at : open) {
        close(at, CloseReason::capture_end, time);
    }
    if (!started_) {
        summary_.started = time;
    }
    summary_.ended = std::max(summary_.ended, time);
    sink_.on_summary(summary_);
}

}  // namespace sslsniff
