#include "stream/connection_table.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/saturating.h"

namespace sslsniff {

namespace {

/// A client's TLS made its hello, which found no socket: that of a connect() that was refused. The TCP
/// connection tells.
bool was_never_sent(const Connection& connection) {
    const ConnectionInfo& info = connection.info();
    const auto is_empty = [&](Direction direction) {
        const StreamTotals& totals = connection.totals(direction);
        return totals.bytes == 0 && totals.missing == 0;
    };
    return info.carrier == Carrier::tls && info.role == Role::client &&
           info.correlation == Correlation::none && !info.midstream && info.tls.version.empty() &&
           !info.tls.handshake_failed && info.tls.handshake_error.empty() && info.tls.not_decoded.empty() &&
           is_empty(Direction::sent) && is_empty(Direction::received);
}

}  // namespace

ConnectionTable::ConnectionTable(TransactionSink& sink, const StreamLimits& limits, PeerNames* names)
    : sink_(sink), limits_(limits), names_(names), latest_(connections_.end()) {}

void ConnectionTable::on_event(const CaptureEvent& event) {
    const Timestamp time = time_of(event);
    if (!started_) {
        started_ = true;
        summary_.started = summary_.ended = time;
    }
    summary_.ended = std::max(summary_.ended, time);
    wake(time);
    std::visit([this](const auto& e) { on(e); }, event);
    if (latest_ != connections_.end()) {
        tell_change(latest_->second);
    }
    if (!observers_.empty()) {
        tell_observers(event);
    }
    if (latest_ != connections_.end()) {
        measure(latest_->second);
        plan_wake(latest_->second, latest_->second.connection.wakes_at());
        bound_memory(time);
    }
}

void ConnectionTable::tell_observers(const CaptureEvent& event) const {
    const bool is_of_none =
        std::holds_alternative<ProcessEvent>(event) || std::holds_alternative<LossEvent>(event);
    // A connection that was given up at once was told to have ended.
    if (std::holds_alternative<CloseEvent>(event) || (!is_of_none && latest_ == connections_.end())) {
        return;
    }
    const std::optional<OpenConnection> state =
        is_of_none ? std::nullopt : std::optional(latest_->second.connection.state());
    for (auto* observer : observers_) {
        observer->on_understood(event, state ? &*state : nullptr);
    }
}

void ConnectionTable::tell_end(const Connection& connection, CloseReason reason, Timestamp time) const {
    for (auto* observer : observers_) {
        observer->on_ended(connection.state(), reason, time);
    }
}

void ConnectionTable::plan_wake(Entry& entry, std::optional<Timestamp> time) {
    if (entry.wakes_at == time) {
        return;
    }
    const ConnectionId& id = entry.connection.info().id;
    if (entry.wakes_at) {
        wakes_.erase({*entry.wakes_at, id});
    }
    entry.wakes_at = time;
    if (time) {
        wakes_.emplace(*time, id);
    }
}

/// Before an event is passed on that came at `now`.
void ConnectionTable::wake(Timestamp now) {
    while (!wakes_.empty() && wakes_.begin()->first <= now) {
        Entry& entry = connections_.find(wakes_.begin()->second)->second;
        entry.connection.wake(now);
        measure(entry);
        const std::optional<Timestamp> next = entry.connection.wakes_at();
        plan_wake(entry, next && *next > now ? next : std::nullopt);  // each makes progress, or sleeps
    }
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
    const auto info = std::make_shared<const ProcessInfo>(event.process);
    KnownProcess& known = known_process(key);
    known.info = info;
    if (known.causes) {
        known.causes->set_whole(event.whole);
    }
    for (auto at = connections_.lower_bound({key.pid, key.start_time, 0, 0});
         at != connections_.end() && at->first.process() == key; ++at) {
        at->second.connection.set_process(info);
        tell_change(at->second);
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
    link_parts(latest_->second);
    link_ends(latest_->second);
    name_peer(connection);
}

void ConnectionTable::link_ends(Entry& entry) {
    const ConnectionInfo& info = entry.connection.info();
    const auto id = local_ends_.add(info, entry.part);
    entry.has_end = local_ends_.knows(info.id);
    const auto other = id ? connections_.find(*id) : connections_.end();
    if (other == connections_.end()) {
        return;
    }
    entry.connection.set_other_end({*id, other->second.connection.info().process});
    other->second.connection.set_other_end({info.id, info.process});
    tell_change(other->second);
}

void ConnectionTable::link_parts(Entry& entry) {
    const ConnectionInfo& info = entry.connection.info();
    if (auto former = former_parts_.take(info.id, info.endpoints, info.opened)) {
        entry.part = former->part + 1;
        entry.connection.set_continues(former->connection, std::move(former->tunnel),
                                       std::move(former->session));
    }
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
    if (event.cause != LossCause::ring_full && event.cause != LossCause::map_full) {
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
    for (const auto& [key, process] : processes_) {
        if (process.causes) {
            process.causes->on_loss(event.time);
        }
    }
    sink_.on_loss(event);
}

void ConnectionTable::count_loss(const CaptureSummary::Loss& loss) {
    const auto known = std::ranges::find(summary_.losses, loss.cause, &CaptureSummary::Loss::cause);
    if (known == summary_.losses.end()) {
        summary_.losses.push_back(loss);
    } else {
        add_saturating(known->events, loss.events);
        add_saturating(known->bytes, loss.bytes);
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
    latest_->second.has_no_more = false;
    return latest_->second.connection;
}

ConnectionTable::Connections::iterator ConnectionTable::longest_idle() {
    return connections_.find(recency_.front()->connection.info().id);
}

Connection& ConnectionTable::create(const OpenEvent& event) {
    while (!connections_.empty() && connections_.size() >= limits_.max_connections) {
        const LossEvent loss{event.time, LossCause::connection_limit, 1, 0};
        close(longest_idle(), CloseReason::given_up, event.time);
        on(loss);
    }
    ConnectionInfo info;
    info.id = event.connection;
    const KnownProcess& process = connecting_process(event.connection.process());
    info.process = process.info;
    info.carrier = event.carrier;
    info.tls.library = event.library;
    info.opened = event.time;
    info.midstream = event.midstream;
    ++summary_.connections;
    latest_ =
        connections_.try_emplace(event.connection, std::move(info), limits_, sink_, process.causes).first;
    Entry& entry = latest_->second;
    entry.recency = recency_.insert(recency_.end(), &entry);
    sink_.on_open(entry.connection.state());
    return latest_->second.connection;
}

void ConnectionTable::tell_change(Entry& entry) {
    if (entry.told != entry.connection.changes()) {
        entry.told = entry.connection.changes();
        sink_.on_change(entry.connection.state());
    }
}

void ConnectionTable::measure(Entry& entry) {
    constexpr std::size_t kNodes = 144;  // of the map and the list, beside the entry itself
    held_ -= entry.held;
    entry.held = sizeof(Entry) - sizeof(Connection) + kNodes + (entry.has_end ? LocalEnds::kHeldForEach : 0) +
                 entry.connection.held();
    held_ += entry.held;
}

void ConnectionTable::bound_memory(Timestamp time) {
    if (held_ <= limits_.max_memory) {
        return;
    }
    // An eighth at once: looking for what can be given up costs time by the number of connections.
    const std::size_t before = held_;
    const std::uint64_t number = free_memory(limits_.max_memory / 8 * 7, time);
    on(LossEvent{time, LossCause::memory_limit, number, before - held_});
}

/// Until `goal` bytes are held. Returns how many exchanges and connections it cost.
std::uint64_t ConnectionTable::free_memory(std::size_t goal, Timestamp time) {
    std::uint64_t number = 0;
    // Those who hold less than half of an equal share are not asked: together they hold less than half of
    // all. So a peer that fills memory does not push out what everybody else needs.
    const std::size_t least = held_ / (2 * connections_.size());
    for (auto at = recency_.begin(); at != recency_.end() && held_ > goal; ++at) {
        Entry& entry = **at;
        if (entry.held > least && !entry.has_no_more) {
            const std::uint64_t given_up = entry.connection.give_up(held_ - goal);
            // Many that are open and say nothing would otherwise be asked again and again.
            entry.has_no_more = given_up == 0;
            number += given_up;
            measure(entry);
        }
    }
    // What remains is what connections cost by themselves.
    for (; held_ > goal && !connections_.empty(); ++number) {
        close(longest_idle(), CloseReason::given_up, time);
    }
    return number;
}

void ConnectionTable::close(Connections::iterator entry, CloseReason reason, Timestamp time) {
    Connection& connection = entry->second.connection;
    // Its bytes are those of another one, or there never were any.
    if (reason == CloseReason::covered || (reason == CloseReason::freed && was_never_sent(connection))) {
        --summary_.connections;
        sink_.on_withdraw(connection.info());
        tell_end(connection, reason, time);
        erase(entry);
        return;
    }
    connection.close(reason, time);
    tell_end(connection, reason, time);
    former_parts_.add(connection.info(), entry->second.part, reason, time, connection.session());
    add(summary_, connection);
    erase(entry);
}

void ConnectionTable::add(CaptureSummary& summary, const Connection& connection) {
    const StreamTotals& sent = connection.totals(Direction::sent);
    const StreamTotals& received = connection.totals(Direction::received);
    summary.transactions += connection.transactions();
    summary.unbound_connections += connection.info().correlation == Correlation::none ? 1 : 0;
    add_saturating(summary.bytes_sent, sent.bytes);
    add_saturating(summary.bytes_received, received.bytes);
    add_saturating(summary.missing_bytes, saturating_sum(sent.missing, received.missing));
}

CaptureSummary ConnectionTable::running_summary() const {
    CaptureSummary summary = summary_;
    for (const auto& [id, entry] : connections_) {
        add(summary, entry.connection);
    }
    return summary;
}

void ConnectionTable::erase(Connections::iterator entry) {
    held_ -= entry->second.held;
    local_ends_.remove(entry->second.connection.info());
    plan_wake(entry->second, std::nullopt);
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

/// A filter leaves out connections, and with them their processes: only those with a connection count.
const ConnectionTable::KnownProcess& ConnectionTable::connecting_process(const ProcessKey& key) {
    KnownProcess& known = known_process(key);
    if (!known.info) {
        ProcessInfo info;
        info.key = key;
        known.info = std::make_shared<const ProcessInfo>(std::move(info));
    }
    if (!std::exchange(known.has_connected, true) && key.pid != 0) {  // 0: not known
        ++summary_.processes;
    }
    return known;
}

ConnectionTable::KnownProcess& ConnectionTable::known_process(const ProcessKey& key) {
    KnownProcess& known = processes_[key];
    if (!known.causes && key.pid != 0) {
        known.causes = std::make_shared<ProcessCauses>();
    }
    return known;
}

/// Exits that were lost would let the table grow for ever.
void ConnectionTable::forget_idle_processes() {
    if (processes_.size() > connections_.size() + limits_.max_processes) {
        std::erase_if(processes_, [](const auto& entry) { return entry.second.info.use_count() == 1; });
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
