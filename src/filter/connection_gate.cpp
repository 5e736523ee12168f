#include "filter/connection_gate.h"

#include <type_traits>
#include <utility>

namespace sslsniff {
namespace {

/// Octets one connection may keep waiting.
constexpr std::size_t kMaxWaiting = 64U * 1024;
constexpr std::size_t kEventCost = 64;

bool is_known(const Endpoints& endpoints) {
    return endpoints.local.address.family != IpAddress::Family::none &&
           endpoints.remote.address.family != IpAddress::Family::none &&
           endpoints.transport != Transport::unix_socket;
}

}  // namespace

void ConnectionGate::on_event(const CaptureEvent& event) {
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

void ConnectionGate::on_event_of(const ConnectionId& id, const CaptureEvent& event) {
    State& state = connections_[id];
    if (const auto* verdict = std::get_if<Verdict>(&state)) {
        if (*verdict == Verdict::passes) {
            next_.on_event(event);
        }
    } else if (const auto* endpoints = std::get_if<EndpointsEvent>(&event);
               endpoints != nullptr && is_known(endpoints->endpoints)) {
        const bool passes = filter_.matches(endpoints->endpoints);
        Waiting waiting =
            std::get<Waiting>(std::exchange(state, passes ? Verdict::passes : Verdict::refused));
        if (passes) {
            release(std::move(waiting));
            next_.on_event(event);
        }
    } else {
        wait(state, event);
    }
    if (std::holds_alternative<CloseEvent>(event)) {
        undecided_ += std::holds_alternative<Waiting>(connections_[id]) ? 1 : 0;
        connections_.erase(id);
    }
}

void ConnectionGate::wait(State& state, const CaptureEvent& event) {
    auto& waiting = std::get<Waiting>(state);
    waiting.size += kEventCost;
    if (const auto* data = std::get_if<DataEvent>(&event)) {
        waiting.size += data->bytes.size();
        waiting.payloads.emplace_back(data->bytes);
    }
    waiting.events.push_back(event);
    if (waiting.size > kMaxWaiting) {
        state = Verdict::refused;
        ++undecided_;
    }
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

}  // namespace sslsniff
