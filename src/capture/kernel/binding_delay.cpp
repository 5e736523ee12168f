#include "capture/kernel/binding_delay.h"

#include <algorithm>
#include <type_traits>
#include <variant>

namespace sslsniff {

namespace {

constexpr std::uint32_t kAll = 0;           // instead of a process
constexpr std::chrono::minutes kLatest{1};  // events are read no later, or one gives up too early

/// The connection that an event is about; null for processes and losses.
const ConnectionId* connection_of(const CaptureEvent& event) {
    return std::visit(
        [](const auto& one) -> const ConnectionId* {
            if constexpr (requires { one.connection; }) {
                return &one.connection;
            } else {
                return nullptr;
            }
        },
        event);
}

bool is_payload(const CaptureEvent& event) {
    return std::holds_alternative<DataEvent>(event) || std::holds_alternative<GapEvent>(event);
}

}  // namespace

void BindingDelay::pass(const CaptureEvent& event, EventConsumer& consumer) {
    expire(time_of(event), consumer);
    if (const ConnectionId* id = connection_of(event)) {
        pass_about(ConnectionId(*id), event, consumer);
    } else {
        consumer.on_event(event);
    }
}

void BindingDelay::pass_about(const ConnectionId& id, const CaptureEvent& event, EventConsumer& consumer) {
    if (std::holds_alternative<OpenEvent>(event)) {
        unbound_[id] = true;
    }
    if (std::holds_alternative<EndpointsEvent>(event)) {
        unbound_.erase(id);
        consumer.on_event(event);
        release(id, consumer);
        return;
    }
    if (std::holds_alternative<CloseEvent>(event)) {
        unbound_.erase(id);
        release(id, consumer);
    }
    if (waiting_.contains(id) || begins_waiting(id, event)) {
        hold(id, event);
        while (bytes_ > kMaxBytes || events_ > kMaxEvents) {
            release(ConnectionId(order_.begin()->second), consumer);
        }
    } else {
        consumer.on_event(event);
    }
}

bool BindingDelay::begins_waiting(const ConnectionId& id, const CaptureEvent& event) const {
    const auto found = unbound_.find(id);
    return found != unbound_.end() && found->second && is_payload(event);
}

void BindingDelay::hold(const ConnectionId& id, const CaptureEvent& event) {
    const auto [found, is_new] = waiting_.try_emplace(id);
    if (is_new) {
        found->second.since = patience_begins(id, time_of(event));
        order_.emplace(found->second.since, id);
    }
    Waiting waiting{event, {}};
    if (auto* data = std::get_if<DataEvent>(&waiting.event)) {
        waiting.bytes = data->bytes;
        data->bytes = {};
    }
    bytes_ += waiting.bytes.size();
    events_++;
    found->second.events.push_back(std::move(waiting));
}

void BindingDelay::release(const ConnectionId& id, EventConsumer& consumer) {
    auto node = waiting_.extract(id);
    if (node.empty()) {
        return;
    }
    order_.erase({node.mapped().since, id});
    if (const auto unbound = unbound_.find(id); unbound != unbound_.end()) {
        unbound->second = false;
    }
    for (Waiting& waiting : node.mapped().events) {
        bytes_ -= waiting.bytes.size();
        events_--;
        if (auto* data = std::get_if<DataEvent>(&waiting.event)) {
            data->bytes = waiting.bytes;
        }
        consumer.on_event(waiting.event);
    }
}

void BindingDelay::on_probes(std::uint32_t pid, Timestamp now) {
    std::erase_if(probes_, [now](const auto& came) { return now - came.second > kLatest; });
    probes_[pid] = now;
    auto each = pid == kAll ? waiting_.begin() : waiting_.lower_bound({pid, 0, 0, 0});
    for (; each != waiting_.end() && (pid == kAll || each->first.pid == pid); ++each) {
        order_.erase({each->second.since, each->first});
        each->second.since = std::max(each->second.since, now);
        order_.emplace(each->second.since, each->first);
    }
}

Timestamp BindingDelay::patience_begins(const ConnectionId& id, Timestamp first_payload) const {
    Timestamp begin = first_payload;
    for (const std::uint32_t pid : {kAll, id.pid}) {
        if (const auto came = probes_.find(pid); came != probes_.end()) {
            begin = std::max(begin, came->second);
        }
    }
    return begin;
}

void BindingDelay::expire(Timestamp now, EventConsumer& consumer) {
    while (!order_.empty() && now - order_.begin()->first >= kPatience) {
        release(ConnectionId(order_.begin()->second), consumer);
    }
}

void BindingDelay::flush(EventConsumer& consumer) {
    while (!order_.empty()) {
        release(ConnectionId(order_.begin()->second), consumer);
    }
}

}  // namespace sslsniff
