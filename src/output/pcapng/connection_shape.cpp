// Which addresses, ports and carriage the packets of a connection have.
#include <algorithm>

#include "output/pcapng/connection_writer.h"

namespace sslsniff {
namespace {

constexpr ByteView kHttp2Preface = "PRI * HTTP/2.0\r\n";

constexpr std::uint16_t kHttpsPort = 443;
constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kRedisPort = 6379;
constexpr std::uint16_t kDnsPort = 53;
constexpr std::uint16_t kDotPort = 853;

/// The port a server of this kind would have.
std::uint16_t usual_port(Carrier carrier, std::string_view protocol) {
    const bool tls = carrier == Carrier::tls;
    if (protocol.starts_with("redis")) {
        return kRedisPort;
    }
    if (protocol.starts_with("dns")) {
        return tls ? kDotPort : kDnsPort;
    }
    return tls ? kHttpsPort : kHttpPort;
}

bool is_known(const Endpoint& endpoint) {
    return endpoint.address.family != IpAddress::Family::none;
}

}  // namespace

bool ConnectionWriter::has_preface() const {
    return std::ranges::any_of(first_octets_,
                               [](ByteView first) { return first.starts_with(kHttp2Preface); });
}

ConversationShape ConnectionWriter::shape() {
    const Endpoints& real = info_.endpoints;
    const bool is_client = local_is_client();
    const Endpoint& client = is_client ? real.local : real.remote;
    const Endpoint& server = is_client ? real.remote : real.local;
    const ByteView sent = first_octets_[0];
    const ByteView received = first_octets_[1];
    // Ciphertext is not what its ALPN names.
    const bool is_decoded = info_.tls.not_decoded.empty();
    protocol_ = capture_.guess && is_decoded ? capture_.guess(info_, sent, received) : std::string();
    const CarriageInput input{
        .carrier = is_decoded ? info_.carrier : Carrier::cleartext,
        .transport = real.transport,
        .client_port = is_known(client) ? client.port : AddressBook::made_up_port(info_.id),
        .server_port = is_known(server) ? server.port : usual_port(info_.carrier, protocol_),
        .alpn = is_decoded ? ByteView(info_.tls.alpn) : ByteView(),
        .protocol = protocol_,
        .has_preface = has_preface()};
    Carriage carriage = choose_carriage(input, capture_.carriage);
    if (failed_without_data_) {
        carriage.tls = false;  // no handshake that never was
        carriage.marker = Marker::none;
    }
    const ShownEndpoints shown =
        capture_.addresses.claim(info_, {.local = is_client ? input.client_port : carriage.server_port,
                                         .remote = is_client ? carriage.server_port : input.client_port,
                                         .local_is_client = is_client});
    if (shown.shown_by) {
        if (!hidden_) {
            capture_.notes[*shown.shown_by] = other_end_comment(info_);
        }
        carriage.tls = false;  // nobody dissects it
        carriage.marker = Marker::none;
    }
    hidden_ = shown.shown_by.has_value();
    made_up_ = shown.made_up;
    return ConversationShape{.transport = real.transport == Transport::udp ? Transport::udp : Transport::tcp,
                             .client = is_client ? shown.local : shown.remote,
                             .server = is_client ? shown.remote : shown.local,
                             .local_is_client = is_client,
                             .carriage = std::move(carriage),
                             .server_name = info_.tls.sni,
                             .salt = capture_.conversations++};
}

/// Where nobody knows, the lower port is the server's.
bool ConnectionWriter::local_is_client() const {
    if (info_.role != Role::unknown) {
        return info_.role == Role::client;
    }
    return info_.endpoints.local.port >= info_.endpoints.remote.port;
}

}  // namespace sslsniff
