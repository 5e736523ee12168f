#include "capture/datagram_tls/datagram_tls_stage.h"

#include <array>
#include <utility>

#include "capture/datagram_tls/dtls_handshake.h"
#include "capture/datagram_tls/quic_handshake.h"

namespace sslsniff {
namespace {

/// The first of the protocols that the datagram begins, with what it brought; null: none.
std::pair<std::unique_ptr<DatagramHandshake>, DatagramHandshake::News> recognise(const DataEvent& event) {
    constexpr auto kMake = std::to_array<std::unique_ptr<DatagramHandshake> (*)()>(
        {[]() -> std::unique_ptr<DatagramHandshake> { return std::make_unique<QuicHandshake>(); },
         []() -> std::unique_ptr<DatagramHandshake> { return std::make_unique<DtlsHandshake>(); }});
    for (const auto make : kMake) {
        auto handshake = make();
        auto news = handshake->see(event.direction, event.bytes);
        if (news.is_recognised) {
            return {std::move(handshake), std::move(news)};
        }
    }
    return {};
}

}  // namespace

void DatagramTlsStage::pass(const CaptureEvent& event, EventConsumer& consumer) {
    std::visit([&](const auto& one) { see(one, consumer); }, event);
}

void DatagramTlsStage::see(const OpenEvent& event, EventConsumer& consumer) {
    if (event.carrier == Carrier::cleartext) {
        states_.insert_or_assign(event.connection, Opened{event, std::nullopt});
    } else {
        consumer.on_event(event);
    }
}

void DatagramTlsStage::see(const EndpointsEvent& event, EventConsumer& consumer) {
    const auto state = states_.find(event.connection);
    auto* const opened = state == states_.end() ? nullptr : std::get_if<Opened>(&state->second);
    if (opened != nullptr && event.endpoints.transport == Transport::udp) {
        opened->endpoints = event;
    } else if (opened != nullptr) {
        consumer.on_event(opened->open);
        consumer.on_event(event);
        states_.erase(state);
    } else if (state == states_.end() || std::holds_alternative<Recognised>(state->second)) {
        consumer.on_event(event);
    }
}

void DatagramTlsStage::see(const DataEvent& event, EventConsumer& consumer) {
    const auto state = states_.find(event.connection);
    auto* const recognised = state == states_.end() ? nullptr : std::get_if<Recognised>(&state->second);
    if (recognised != nullptr) {
        follow(*recognised, event, consumer);
    } else if (state == states_.end() || (std::holds_alternative<Opened>(state->second) &&
                                          !begin(state, event, consumer) && release(state, consumer))) {
        consumer.on_event(event);
    }
}

void DatagramTlsStage::see(const GapEvent& event, EventConsumer& consumer) {
    const auto state = states_.find(event.connection);
    const bool opened = state != states_.end() && std::holds_alternative<Opened>(state->second);
    if (state == states_.end() || (opened && release(state, consumer)) ||
        (!opened && show_.ciphertext && std::holds_alternative<Recognised>(state->second))) {
        consumer.on_event(event);
    }
}

void DatagramTlsStage::see(const CloseEvent& event, EventConsumer& consumer) {
    const auto state = states_.find(event.connection);
    if (state == states_.end()) {
        consumer.on_event(event);
        return;
    }
    if (std::holds_alternative<Opened>(state->second)) {
        if (release(state, consumer)) {
            consumer.on_event(event);
        }
    } else if (std::holds_alternative<Recognised>(state->second)) {
        consumer.on_event(event);
    }
    states_.erase(event.connection);
}

/// The first datagram of a connection. Whether it is recognised.
bool DatagramTlsStage::begin(States::iterator at, const DataEvent& event, EventConsumer& consumer) {
    const Opened& opened = std::get<Opened>(at->second);
    if (!opened.endpoints) {
        return false;  // no UDP
    }
    auto [handshake, news] = recognise(event);
    if (!handshake) {
        return false;
    }
    if (!show_.encrypted) {
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
    tls.tls.version = handshake->version();
    tls.tls.not_decoded = handshake->name();
    consumer.on_event(tls);
    tell(*handshake, event, news, consumer);
    at->second = Recognised{std::move(handshake)};
    handshakes_.push_back(event.connection);
    give_up_handshakes();
    if (show_.ciphertext) {
        consumer.on_event(event);
    }
    return true;
}

void DatagramTlsStage::follow(Recognised& connection, const DataEvent& event, EventConsumer& consumer) {
    if (connection.handshake) {
        DatagramHandshake& handshake = *connection.handshake;
        tell(handshake, event, handshake.see(event.direction, event.bytes), consumer);
        if (handshake.is_done()) {
            connection.handshake.reset();
        }
    }
    if (show_.ciphertext) {
        consumer.on_event(event);
    }
}

void DatagramTlsStage::tell(DatagramHandshake& handshake, const DataEvent& event,
                            const DatagramHandshake::News& news, EventConsumer& consumer) {
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

bool DatagramTlsStage::release(States::iterator at, EventConsumer& consumer) {
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

void DatagramTlsStage::give_up_handshakes() {
    while (handshakes_.size() > kMostHandshakes) {
        const auto state = states_.find(handshakes_.front());
        if (auto* const recognised =
                state == states_.end() ? nullptr : std::get_if<Recognised>(&state->second)) {
            recognised->handshake.reset();
        }
        handshakes_.pop_front();
    }
}

void DatagramTlsStage::flush(EventConsumer& consumer) {
    for (auto state = states_.begin(); state != states_.end();) {
        const auto at = state++;
        if (std::holds_alternative<Opened>(at->second)) {
            release(at, consumer);
        }
    }
}

}  // namespace sslsniff
