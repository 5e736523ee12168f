#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <variant>

#include "capture/quic/quic_handshake.h"
#include "model/event.h"

namespace sslsniff {

/// TlsInfo::not_decoded of QUIC.
inline constexpr const char* kQuicNotDecoded = "QUIC";

/// Recognises QUIC (RFC 9000, RFC 9369) among UDP connections without TLS, by the long header that a
/// connection begins with, and hands it on as TLS that is not decoded, with what the hellos say. A UDP
/// connection is held back from its opening to its first datagram.
class QuicStage {
  public:
    /// Handshakes followed at once: those that wait longest are given up, their names stay unknown.
    static constexpr std::size_t kMostHandshakes = 256;

    /// What becomes of what was recognised, and of the other UDP connections.
    struct Show {
        bool quic = true;
        bool others = true;
        bool ciphertext = false;  ///< the bytes of QUIC are handed on, for who counts them
    };
    explicit QuicStage(Show show) : show_(show) {}

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
    struct Quic {
        std::unique_ptr<QuicHandshake> handshake;  ///< null when there is nothing more to learn
    };
    struct Silenced {};
    using State = std::variant<Opened, Quic, Silenced>;
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
    void follow(Quic& quic, const DataEvent& event, EventConsumer& consumer);
    void tell(QuicHandshake& handshake, const DataEvent& event, QuicHandshake::News news,
              EventConsumer& consumer);
    /// Not QUIC. False when nothing of it is shown.
    bool release(States::iterator at, EventConsumer& consumer);
    void give_up_handshakes();

    Show show_;
    States states_;
    std::deque<ConnectionId> handshakes_;  // longest first; may name what is decided
};

}  // namespace sslsniff
