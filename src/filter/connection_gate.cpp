#include "filter/connection_gate.h"

#include <type_traits>
#include <utility>
#include <variant>

#include "base/memory.h"

namespace sslsniff {
namespace {

/// Bytes one connection may keep waiting.
constexpr std::size_t kMaxWaiting = 64U * 1024;
constexpr std::size_t kEventCost = 64;
constexpr std::size_t kMostWhole = 4096;

bool is_known(const Endpoints& endpoints) {
    return endpoints.local.address.family != IpAddress::Family::none &&
           endpoints.remote.address.family != IpAddress::Family::none &&
           endpoints.transport != Transport::unix_socket;
}

}  // namespace

void ConnectionGate::set(std::optional<EndpointFilter> filter) {
    filter_ = std::move(filter);
    is_open_ = is_open_ && !filter_;
}

void ConnectionGate::on_event(const CaptureEvent& event) {
    if (const auto* process = std::get_if<ProcessEvent>(&event)) {
        on_process(*process);
        return;
    }
    if (is_open_) {
        next_.on_event(event);
        return;
    }
    tell_of_parts(time_of(event));
    std::visit(
        [&](const auto& e) {
            if constexpr (requires { e.connection; }) {
                on_event_of(e.connection, event);
            } else {
                next_.on_event(event);
            }
        },
        event);
}

/// Where connections are left out, no process is seen wholly.
void ConnectionGate::on_process(ProcessEvent event) {
    event.whole =
        event.whole && is_open_ && (whole_.size() < kMostWhole || whole_.contains(event.process.key));
    if (event.whole) {
        whole_.insert_or_assign(event.process.key, event);
    } else {
        whole_.erase(event.process.key);
    }
    next_.on_event(event);
}

/// The first filter came: takes back what was said before.
void ConnectionGate::tell_of_parts(Timestamp time) {
    if (std::exchange(leaves_out_, true)) {
        return;
    }
    for (auto& [key, event] : std::exchange(whole_, {})) {
        event.time = time;
        event.kind = ProcessEvent::Kind::seen;
        event.whole = false;
        next_.on_event(event);
    }
}

void ConnectionGate::on_event_of(const ConnectionId& id, const CaptureEvent& event) {
    Entry& entry = find(id, std::holds_alternative<OpenEvent>(event));
    if (!entry.waiting) {
        if (entry.passes) {
            next_.on_event(event);
        }
    } else if (const auto* endpoints = std::get_if<EndpointsEvent>(&event);
               endpoints != nullptr && is_known(endpoints->endpoints)) {
        Waiting waiting = decide(entry, !filter_ || filter_->matches(endpoints->endpoints));
        if (entry.passes) {
            release(std::move(waiting));
            next_.on_event(event);
        }
    } else {
        wait(entry, event);
    }
    if (std::holds_alternative<CloseEvent>(event)) {
        forget(entry);
    }
}

/// `begins`: it is the connection's first event. Others may be of one that was not judged.
ConnectionGate::Entry& ConnectionGate::find(const ConnectionId& id, bool begins) {
    const auto [found, added] = connections_.try_emplace(id);
    Entry& entry = found->second;
    if (!added) {
        recency_.splice(recency_.end(), recency_, entry.recency);
        return entry;
    }
    entry.id = id;
    entry.recency = recency_.insert(recency_.end(), &entry);
    if (!filter_ || (was_open_ && !begins)) {
        entry.passes = true;
    } else {
        entry.waiting = std::make_unique<Waiting>();
        entry.waiting->place = waiting_.insert(waiting_.end(), &entry);
    }
    if (connections_.size() > limits_.max_connections) {
        forget(*recency_.front());
    }
    return entry;
}

void ConnectionGate::wait(Entry& entry, const CaptureEvent& event) {
    Waiting& waiting = *entry.waiting;
    std::size_t held = sizeof(CaptureEvent) + (waiting.events.empty() ? sizeof(Waiting) : 0);
    waiting.size += kEventCost;
    if (const auto* data = std::get_if<DataEvent>(&event)) {
        waiting.size += data->bytes.size();
        held += sizeof(Bytes) + heap_bytes(waiting.payloads.emplace_back(data->bytes));
    }
    if (const auto* tls = std::get_if<TlsEvent>(&event)) {
        held += heap_bytes(tls->tls);
    }
    waiting.events.push_back(event);
    waiting.held += held;
    held_ += held;
    if (waiting.size > kMaxWaiting) {
        leave_out(entry);
    }
    while (held_ > limits_.max_waiting && !waiting_.empty()) {
        leave_out(*waiting_.front());
    }
}

ConnectionGate::Waiting ConnectionGate::decide(Entry& entry, bool passes) {
    const std::unique_ptr<Waiting> waiting = std::move(entry.waiting);
    held_ -= waiting->held;
    waiting_.erase(waiting->place);
    entry.passes = passes;
    return std::move(*waiting);
}

void ConnectionGate::leave_out(Entry& entry) {
    static_cast<void>(decide(entry, false));
    ++undecided_;
}

void ConnectionGate::release(Waiting waiting) {
    std::size_t payload = 0;
    for (CaptureEvent& event : waiting.events) {
        if (auto* data = std::get_if<DataEvent>(&event)) {
            data->bytes = waiting.payloads[payload++];
        }
        next_.on_event(event);
    }
}

void ConnectionGate::forget(Entry& entry) {
    if (entry.waiting) {
        leave_out(entry);
    }
    recency_.erase(entry.recency);
    connections_.erase(ConnectionId(entry.id));
}

}  // namespace sslsniff
