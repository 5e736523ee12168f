#include "capture/kernel/midstream_classifier.h"

#include <algorithm>
#include <utility>

#include "bpf/event.h"
#include "tls/records.h"

namespace sslsniff {
namespace {

constexpr std::size_t kTextSample = 16;

std::size_t at(Direction direction) {
    return static_cast<std::size_t>(direction);
}

bool is_text(ByteView bytes) {
    return std::ranges::all_of(bytes.substr(0, kTextSample), [](char c) {
        return (c >= ' ' && c <= '~') || c == '\r' || c == '\n' || c == '\t';
    });
}

/// Not the connection of a socket but of a TLS object.
bool is_tls_object(const OpenEvent& event) {
    return event.carrier == Carrier::tls && (event.connection.handle & SOCKET_HANDLE) == 0;
}

}  // namespace

void MidstreamClassifier::pass(const CaptureEvent& event, EventConsumer& consumer) {
    expire(time_of(event), consumer);
    std::visit([&](const auto& one) { see(one, consumer); }, event);
}

void MidstreamClassifier::see(const ProcessEvent& event, EventConsumer& consumer) {
    if (event.kind == ProcessEvent::Kind::exited) {
        tls_processes_.erase(event.process.key);
    }
    consumer.on_event(event);
}

void MidstreamClassifier::see(const OpenEvent& event, EventConsumer& consumer) {
    if (is_tls_object(event)) {
        tls_processes_.insert(event.connection.process());
    }
    if (event.carrier != Carrier::cleartext || !event.midstream) {
        consumer.on_event(event);
        return;
    }
    const auto [doubt, is_new] = doubts_.try_emplace(event.connection);
    if (is_new) {
        doubt->second.open = event;
        order_.push_back(event.connection);
        hold(doubt, event);
    }
}

void MidstreamClassifier::see(const EndpointsEvent& event, EventConsumer& consumer) {
    const auto doubt = doubts_.find(event.connection);
    if (doubt == doubts_.end()) {
        if (event.correlation == Correlation::ciphertext) {
            cover(event.endpoints.socket_cookie, event.time, consumer);
        }
        consumer.on_event(event);
        return;
    }
    doubt->second.endpoints = event;
    hold(doubt, event);
    if (event.endpoints.transport != Transport::tcp) {
        release(doubt, consumer);
    }
}

void MidstreamClassifier::see(const DataEvent& event, EventConsumer& consumer) {
    const auto found = doubts_.find(event.connection);
    if (found == doubts_.end()) {
        if (!silenced_.contains(event.connection)) {
            consumer.on_event(event);
        }
        return;
    }
    Doubt& doubt = found->second;
    if (doubt.tls) {
        return;
    }
    hold(found, event);
    Bytes& seen = doubt.seen.at(at(event.direction));
    seen.append(event.bytes.substr(0, kTlsRecordChain - std::min(kTlsRecordChain, seen.size())));
    if (has_tls_records(seen)) {
        doubt.tls = true;
        bytes_ -= doubt.events.bytes();
        doubt.events = {};
    } else if (is_text(event.bytes) || seen.size() >= kTlsRecordChain) {
        release(found, consumer);
    }
    while (bytes_ > kMaxBytes) {
        decide_longest(consumer);
    }
}

void MidstreamClassifier::see(const GapEvent& event, EventConsumer& consumer) {
    const auto doubt = doubts_.find(event.connection);
    if (doubt != doubts_.end()) {
        doubt->second.seen.at(at(event.direction)).clear();
        hold(doubt, event);
    } else if (!silenced_.contains(event.connection)) {
        consumer.on_event(event);
    }
}

void MidstreamClassifier::see(const CloseEvent& event, EventConsumer& consumer) {
    if (const auto doubt = doubts_.find(event.connection); doubt != doubts_.end()) {
        // What was not text, and then the socket is one of TLS, was part of that.
        const bool was_tls = event.reason == CloseReason::covered || event.reason == CloseReason::tls_began;
        was_tls ? drop(doubt) : decide(doubt, consumer);
    }
    const auto silenced = silenced_.extract(event.connection);
    if (silenced.empty() || silenced.mapped()) {
        consumer.on_event(event);
    }
    taken_for_clear_.erase(event.connection);
}

/// The socket turned out to be that of a TLS object.
void MidstreamClassifier::cover(std::uint64_t cookie, Timestamp time, EventConsumer& consumer) {
    const auto doubt = std::ranges::find_if(
        doubts_, [&](const auto& entry) { return entry.second.endpoints.endpoints.socket_cookie == cookie; });
    if (doubt != doubts_.end()) {
        drop(doubt);
    }
    const auto clear =
        std::ranges::find(taken_for_clear_, cookie, &std::pair<const ConnectionId, std::uint64_t>::second);
    if (clear != taken_for_clear_.end()) {
        consumer.on_event(CloseEvent{clear->first, time, CloseReason::covered});
        silenced_[clear->first] = false;
        taken_for_clear_.erase(clear);
    }
}

void MidstreamClassifier::hold(Doubts::iterator at, const CaptureEvent& event) {
    HeldEvents& events = at->second.events;
    if (at->second.tls) {
        return;
    }
    bytes_ -= events.bytes();
    events.add(event);
    bytes_ += events.bytes();
}

void MidstreamClassifier::decide(Doubts::iterator at, EventConsumer& consumer) {
    const Doubt& doubt = at->second;
    if (!doubt.tls) {
        release(at, consumer);
        return;
    }
    kernel_.leave_socket(doubt.endpoints.endpoints.socket_cookie);
    const bool tell = show_undecoded_ && !tls_processes_.contains(at->first.process());
    if (tell) {
        name_tls(doubt, consumer);
    }
    const ConnectionId id = at->first;
    drop(at);
    silenced_[id] = tell;
}

void MidstreamClassifier::name_tls(const Doubt& doubt, EventConsumer& consumer) {
    OpenEvent open = doubt.open;
    open.carrier = Carrier::tls;
    TlsEvent tls;
    tls.connection = open.connection;
    tls.time = open.time;
    const UncoveredTls why = kernel_.describe_uncovered(open.connection.pid);
    tls.tls.library = why.library;
    tls.tls.not_decoded = why.reason;
    consumer.on_event(open);
    if (doubt.endpoints.endpoints != Endpoints{}) {
        consumer.on_event(doubt.endpoints);
    }
    consumer.on_event(tls);
}

void MidstreamClassifier::release(Doubts::iterator at, EventConsumer& consumer) {
    auto node = doubts_.extract(at);
    bytes_ -= node.mapped().events.bytes();
    if (const auto cookie = node.mapped().endpoints.endpoints.socket_cookie; cookie != 0) {
        taken_for_clear_[node.key()] = cookie;
    }
    node.mapped().events.deliver(consumer);
}

/// Its plaintext is told of elsewhere.
void MidstreamClassifier::drop(Doubts::iterator at) {
    bytes_ -= at->second.events.bytes();
    silenced_[at->first] = false;
    doubts_.erase(at);
}

void MidstreamClassifier::decide_longest(EventConsumer& consumer) {
    const ConnectionId id = order_.front();
    order_.pop_front();
    if (const auto doubt = doubts_.find(id); doubt != doubts_.end()) {
        decide(doubt, consumer);
    }
}

void MidstreamClassifier::expire(Timestamp now, EventConsumer& consumer) {
    while (!order_.empty()) {
        const auto doubt = doubts_.find(order_.front());
        if (doubt != doubts_.end() && now - doubt->second.open.time < kPatience) {
            return;
        }
        decide_longest(consumer);
    }
}

void MidstreamClassifier::flush(EventConsumer& consumer) {
    while (!order_.empty()) {
        decide_longest(consumer);
    }
}

}  // namespace sslsniff
