#include "capture/quic/quic_stage.h"

#include <utility>

namespace sslsniff {

void QuicStage::pass(const CaptureEvent& event, EventConsumer& consumer) {
    std::visit([&](const auto& one) { see(one, consumer); }, event);
}

void QuicStage::see(const OpenEvent& event, EventConsumer& consumer) {
    if (event.carrier == Carrier::cleartext) {
        states_.insert_or_assign(event.connection, Opened{event, std::nullopt});
    } else {
        consumer.on_event(event);
    }
}

void QuicStage::see(const EndpointsEvent& event, EventConsumer& consumer) {
    const auto state = states_.find(event.connection);
    auto* const opened = state == states_.end() ? nullptr : std::get_if<Opened>(&state->second);
    if (opened != nullptr && event.endpoints.transport == Transport::udp) {
        opened->endpoints = event;
    } else if (opened != nullptr) {
        consumer.on_event(opened->open);
        consumer.on_event(event);
        states_.erase(state);
    } else if (state == states_.end() || std::holds_alternative<Quic>(state->second)) {
        consumer.on_event(event);
    }
}

void QuicStage::see(const DataEvent& event, EventConsumer& consumer) {
    const auto state = states_.find(event.connection);
    auto* const quic = state == states_.end() ? nullptr : std::get_if<Quic>(&state->second);
    if (quic != nullptr) {
        follow(*quic, event, consumer);
    } else if (state == states_.end() || (std::holds_alternative<Opened>(state->second) &&
                                          !begin(state, event, consumer) && release(state, consumer))) {
        consumer.on_event(event);
    }
}

void QuicStage::see(const GapEvent& event, EventConsumer& consumer) {
    const auto state = states_.find(event.connection);
    const bool opened = state != states_.end() && std::holds_alternative<Opened>(state->second);
    if (state == states_.end() || (opened && release(state, consumer)) ||
        (!opened && show_.ciphertext && std::holds_alternative<Quic>(state->second))) {
        consumer.on_event(event);
    }
}

void QuicStage::see(const CloseEvent& event, EventConsumer& consumer) {
    const auto state = states_.find(event.connection);
    if (state == states_.end()) {
        consumer.on_event(event);
        return;
    }
    if (std::holds_alternative<Opened>(state->second)) {
        if (release(state, consumer)) {
            consumer.on_event(event);
        }
    } else if (std::holds_alternative<Quic>(state->second)) {
        consumer.on_event(event);
    }
    states_.erase(event.connection);
}

/// The first datagram of a connection. Whether it is QUIC's.
bool QuicStage::begin(States::iterator at, const DataEvent& event, EventConsumer& consumer) {
    const Opened& opened = std::get<Opened>(at->second);
    if (!opened.endpoints) {
        return false;  // no UDP
    }
    auto handshake = std::make_unique<QuicHandshake>();
    auto news = handshake->see(event.direction, event.bytes);
    if (!news.is_quic) {
        return false;
    }
    if (!show_.quic) {
        at->second = Silenced{};
        return true;
    }
    OpenEvent open = opened.open;
    open.carrier = Carrier::tls;
    consumer.on_event(open);
    consumer.on_event(*opened.endpoints);
    TlsEvent tls;
    tls.connection = event.connection;
    tls.time = event.time;
    tls.tls.version = "TLSv1.3";  // RFC 9001 section 4.2: no other is allowed
    tls.tls.not_decoded = kQuicNotDecoded;
    consumer.on_event(tls);
    tell(*handshake, event, std::move(news), consumer);
    at->second = Quic{std::move(handshake)};
    handshakes_.push_back(event.connection);
    give_up_handshakes();
    if (show_.ciphertext) {
        consumer.on_event(event);
    }
    return true;
}

void QuicStage::follow(Quic& quic, const DataEvent& event, EventConsumer& consumer) {
    if (quic.handshake) {
        tell(*quic.handshake, event, quic.handshake->see(event.direction, event.bytes), consumer);
        if (quic.handshake->is_done()) {
            quic.handshake.reset();
        }
    }
    if (show_.ciphertext) {
        consumer.on_event(event);
    }
}

void QuicStage::tell(QuicHandshake& handshake, const DataEvent& event, QuicHandshake::News news,
                     EventConsumer& consumer) {
    if (!news.hello) {
        return;
    }
    TlsEvent tls;
    tls.connection = event.connection;
    tls.time = event.time;
    tls.role = handshake.client() == Direction::sent ? Role::client : Role::server;
    tls.tls = to_tls_info(*news.hello);
    consumer.on_event(tls);
}

bool QuicStage::release(States::iterator at, EventConsumer& consumer) {
    const Opened opened = std::get<Opened>(at->second);
    if (!show_.others && opened.endpoints) {
        at->second = Silenced{};
        return false;
    }
    states_.erase(at);
    consumer.on_event(opened.open);
    if (opened.endpoints) {
        consumer.on_event(*opened.endpoints);
    }
    return true;
}

void QuicStage::give_up_handshakes() {
    while (handshakes_.size() > kMostHandshakes) {
        const auto state = states_.find(handshakes_.front());
        if (auto* const quic = state == states_.end() ? nullptr : std::get_if<Quic>(&state->second)) {
            quic->handshake.reset();
        }
        handshakes_.pop_front();
    }
}

void QuicStage::flush(EventConsumer& consumer) {
    for (auto state = states_.begin(); state != states_.end();) {
        const auto at = state++;
        if (std::holds_alternative<Opened>(at->second)) {
            release(at, consumer);
        }
    }
}

}  // namespace sslsniff
