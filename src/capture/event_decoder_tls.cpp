// What records tell of TLS sessions: hellos, handshakes, ALPN.
#include <cstring>
#include <utility>

#include "capture/event_convert.h"
#include "capture/event_decoder.h"
#include "capture/tls_alert.h"
#include "capture/tls_hello.h"

namespace sslsniff {

namespace {

std::string handshake_error(const handshake_event& event) {
    switch (event.header.detail) {
        case HANDSHAKE_ALERT_SENT:
            return "alert sent: " + tls_alert_name(event.alert);
        case HANDSHAKE_ALERT_RECEIVED:
            return "alert received: " + tls_alert_name(event.alert);
        case HANDSHAKE_PEER_CLOSED:
            return "closed by peer";
        case HANDSHAKE_PEER_RESET:
            return "reset by peer";
        case HANDSHAKE_REFUSED:
            return "stopped at what the peer sent: no TLS, or an encrypted alert";
        default:
            return "not finished";
    }
}

}  // namespace

/// Nothing more is to be had from hellos. The socket is often found by the first of them, its ClientHello.
void EventDecoder::end_hellos(KernelConnection& connection) {
    if (!std::exchange(connection.awaits_hello, false)) {
        return;
    }
    if (connection.ciphertext_socket != 0 && on_bound_) {
        on_bound_(connection.kernel_generation, connection.ciphertext_socket);
    }
}

bool EventDecoder::on_hello(ByteView record, EventConsumer& consumer) {
    constexpr std::size_t kOffset = offsetof(hello_event, bytes);
    if (record.size() < kOffset) {
        return false;
    }
    hello_event event{};
    std::memcpy(&event, record.data(), kOffset);
    KernelConnection* connection = connections_.find(event.header.generation);
    if (connection == nullptr || event.length > record.size() - kOffset) {
        return false;
    }
    const auto hello = parse_tls_hello(record.substr(kOffset, event.length),
                                       (event.header.flags & HELLO_WITHOUT_RECORD_HEADER) == 0);
    if (!hello) {
        return false;
    }
    TlsEvent out;
    out.connection = connection->id;
    out.time = time_of(event.header);
    const bool sent = to_direction(event.header.direction) == Direction::sent;
    out.role = hello->from_client == sent ? Role::client : Role::server;
    out.tls = to_tls_info(*hello);
    connection->deliver(out, consumer);
    if (!hello->from_client) {
        end_hellos(*connection);
    }
    return true;
}

bool EventDecoder::on_handshake(ByteView record, EventConsumer& consumer) {
    const auto event = read_fixed<handshake_event>(record);
    KernelConnection* connection = event ? connections_.find(event->header.generation) : nullptr;
    if (connection == nullptr) {
        return false;
    }
    end_hellos(*connection);
    TlsEvent out;
    out.connection = connection->id;
    out.time = time_of(event->header);
    out.role = (event->header.flags & HANDSHAKE_CLIENT) != 0   ? Role::client
               : (event->header.flags & HANDSHAKE_SERVER) != 0 ? Role::server
                                                               : Role::unknown;
    const bool open = (event->header.flags & HANDSHAKE_OPEN) != 0;
    if (event->duration != 0 && !open) {
        out.tls.handshake = Duration(static_cast<std::int64_t>(event->duration));
    }
    out.tls.handshake_failed = (event->header.flags & HANDSHAKE_FAILED) != 0;
    if (out.tls.handshake_failed || open) {
        out.tls.handshake_error = handshake_error(*event);
    }
    consumer.on_event(out);
    return true;
}

bool EventDecoder::on_alpn(ByteView record, EventConsumer& consumer) {
    const auto event = read_fixed<alpn_event>(record);
    const KernelConnection* connection = event ? connections_.find(event->header.generation) : nullptr;
    if (connection == nullptr || event->length == 0) {
        return false;
    }
    TlsEvent out;
    out.connection = connection->id;
    out.time = time_of(event->header);
    const ByteView bytes = record.substr(offsetof(alpn_event, bytes), event->length);
    out.tls.alpn.assign(bytes);
    consumer.on_event(out);
    return true;
}

}  // namespace sslsniff
