// What a connection looks like in the file: the protocol it speaks, and the addresses, ports and handshake
// that make Wireshark see that.

#include <algorithm>

#include "output/pcapng/connection_writer.h"

namespace sslsniff {
namespace {

constexpr ByteView kHttp2Preface = "PRI * HTTP/2.0\r\n";
/// Bytes of each direction looked at to guess the protocol.
constexpr std::size_t kFirstBytes = 256;
/// The same where it may take some luck to meet a message's beginning.
constexpr std::size_t kMaxGuess = 4096;

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

/// What the client offered alone is what the server took, if it took any.
std::string_view agreed_protocol(const TlsInfo& tls, std::string_view detected) {
    const bool is_sure = detected.empty() && tls.offered_alpn.size() == 1;
    return tls.alpn.empty() && is_sure ? std::string_view(tls.offered_alpn.front()) : tls.alpn;
}

bool is_known(const Endpoint& endpoint) {
    return endpoint.address.family != IpAddress::Family::none && endpoint.port != 0;
}

}  // namespace

bool ConnectionWriter::is_nameless() const {
    return capture_.guess && !named_ && info_.carrier == Carrier::tls &&
           info_.endpoints.transport != Transport::udp && info_.tls.alpn.empty() &&
           info_.tls.not_decoded.empty() &&
           std::ranges::all_of(first_bytes_, [](const Bytes& first) { return first.size() < kMaxGuess; });
}

std::string ConnectionWriter::guessed_protocol() const {
    return capture_.guess ? capture_.guess(info_, first_bytes_[0], first_bytes_[1]) : std::string();
}

/// Keeps what may show the protocol. Once it does, packets that are written already stay as they are, and a
/// new part of the connection begins, whose handshake names it.
void ConnectionWriter::look_at(const DataEvent& event) {
    const bool nameless = is_nameless();
    Bytes& first = first_bytes_[static_cast<std::size_t>(event.direction)];
    const std::size_t limit = nameless ? kMaxGuess : kFirstBytes;
    if ((nameless || !conversation_) && first.size() < limit) {
        first.append(event.bytes.substr(0, limit - first.size()));
    }
    const std::size_t kept = first_bytes_[0].size() + first_bytes_[1].size();
    if (!nameless || kept < next_guess_) {
        return;
    }
    next_guess_ = kept + kept / 8 + 1;  // who sends byte by byte does not make us look at all for each
    protocol_ = guessed_protocol();
    named_ = !protocol_.empty();
    if (named_ && conversation_) {
        const Carriage wanted = choose_carriage(carriage_input(), capture_.carriage);
        const Carriage& present = conversation_->shape().carriage;
        if (wanted.tls != present.tls || wanted.alpn != present.alpn) {
            PacketContext context = context_at(event.time);
            open(context, std::nullopt);
        }
    }
}

bool ConnectionWriter::has_preface() const {
    return std::ranges::any_of(first_bytes_, [](ByteView first) { return first.starts_with(kHttp2Preface); });
}

CarriageInput ConnectionWriter::carriage_input() const {
    const Endpoints& real = info_.endpoints;
    const bool is_client = local_is_client();
    const Endpoint& client = is_client ? real.local : real.remote;
    const Endpoint& server = is_client ? real.remote : real.local;
    // Ciphertext is not what its ALPN names.
    const bool is_decoded = info_.tls.not_decoded.empty();
    return {.carrier = is_decoded ? info_.carrier : Carrier::cleartext,
            .transport = real.transport,
            .client_port = is_known(client) ? client.port : AddressBook::made_up_port(info_.id),
            .server_port = is_known(server) ? server.port : usual_port(info_.carrier, protocol_),
            .alpn = is_decoded ? agreed_protocol(info_.tls, protocol_) : std::string_view(),
            .protocol = protocol_,
            .has_preface = has_preface()};
}

/// `former`: the conversation that the connection goes on in.
ConversationShape ConnectionWriter::shape(const Conversation* former) {
    const Endpoints& real = info_.endpoints;
    const bool is_client = local_is_client();
    const bool is_decoded = info_.tls.not_decoded.empty();
    protocol_ = is_decoded ? guessed_protocol() : std::string();
    const CarriageInput input = carriage_input();
    Carriage carriage = choose_carriage(input, capture_.carriage);
    if (former != nullptr) {  // the dissector of its cleartext hands over to that of TLS, and nobody else
        carriage.tls = is_decoded && capture_.carriage.mode != PcapngMode::plain;
        carriage.marker = Marker::none;
        carriage.server_port = former->shape().carriage.server_port;
    }
    if (failed_without_data_) {
        carriage.tls = false;  // no handshake that never was
        carriage.marker = Marker::none;
    }
    const ShownEndpoints shown =
        capture_.addresses.claim(info_, {.local = is_client ? input.client_port : carriage.server_port,
                                         .remote = is_client ? carriage.server_port : input.client_port,
                                         .local_is_client = is_client});
    if (shown.shown_by) {
        // Who has ended does not take its note: few such remain.
        if (!hidden_ && capture_.notes.size() < PcapngCapture::kMaxNotes) {
            capture_.notes[*shown.shown_by] = other_end_comment(info_);
        }
        carriage.tls = false;  // nobody dissects it
        carriage.marker = Marker::none;
    }
    if (shown.taken_from) {
        if (auto note = capture_.notes.extract(*shown.taken_from); !note.empty()) {
            capture_.notes[info_.id] = std::move(note.mapped());
        }
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

}  // namespace sslsniff
