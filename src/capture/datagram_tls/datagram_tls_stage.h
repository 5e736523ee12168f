#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <variant>

#include "capture/datagram_tls/datagram_handshake.h"
#include "model/event.h"

namespace sslsniff {

/// Recognises QUIC (RFC 9000, RFC 9369) and DTLS (RFC 6347, RFC 9147) among UDP connections without TLS, by
/// what their first datagram begins with, and hands them on as TLS that is not decoded, with what the hellos
/// say. A UDP connection is held back from its opening to its first datagram.
class DatagramTlsStage {
  public:
    /// Handshakes followed at once: those that wait longest are given up, their names stay unknown.
    static constexpr std::size_t kMostHandshakes = 256;

    /// What becomes of what was recognised, and of the other UDP connections.
    struct Show {
        bool encrypted = true;
        bool others = true;
        bool ciphertext = false;  ///< the bytes of what was recognised are handed on, for who counts them
    };
    explicit DatagramTlsStage(Show show) : show_(show) {}

    /// Delivers `event` to `consumer`, now, later or never.
    void pass(const CaptureEvent& event, EventConsumer& consumer);
    /// Delivers what is held back.
    void flush(EventConsumer& consumer);

  private:
    /// Opened, nothing said yet.
    struct Opened {
        OpenEvent open;
        std::optional<EndpointsEvent> endpoints;
    };
    struct Recognised {
        std::unique_ptr<DatagramHandshake> handshake;  ///< null when there is nothing more to learn
    };
    struct Silenced {};
    using State = std::variant<Opened, Recognised, Silenced>;
    using States = std::map<ConnectionId, State>;

    void see(const OpenEvent& event, EventConsumer& consumer);
    void see(const EndpointsEvent& event, EventConsumer& consumer);
    void see(const DataEvent& event, EventConsumer& consumer);
    void see(const GapEvent& event, EventConsumer& consumer);
    void see(const CloseEvent& event, EventConsumer& consumer);
    template <class Event>
    void see(const Event& event, EventConsumer& consumer) {
        consumer.on_event(event);
    }
    bool begin(States::iterator at, const DataEvent& event, EventConsumer& consumer);
    void follow(Recognised& connection, const DataEvent& event, EventConsumer& consumer);
    void tell(DatagramHandshake& handshake, const DataEvent& event, const DatagramHandshake::News& news,
              EventConsumer& consumer);
    /// Neither of them. False when nothing of it is shown.
    bool release(States::iterator at, EventConsumer& consumer);
    void give_up_handshakes();

    Show show_;
    States states_;
    std::deque<ConnectionId> handshakes_;  // longest first; may name what is decided
};

}  // namespace sslsniff
