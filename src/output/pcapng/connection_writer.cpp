#include "output/pcapng/connection_writer.h"

#include <algorithm>
#include <utility>

#include "base/memory.h"
#include "base/saturating.h"
#include "model/socket_key.h"
#include "model/tls_merge.h"
#include "output/pcapng/synthetic_tls.h"

namespace sslsniff {
namespace {

/// Well below what a frame of HTTP/2 holds.
constexpr std::size_t kMaxAtOnce = 1 << 20;
/// Of memory, for an event that waits.
constexpr std::size_t kHeldCost = 32;

/// Bytes of each direction looked at to guess the protocol.
constexpr std::size_t kFirstBytes = 256;
/// The same where it may take some luck to meet a message's beginning.
constexpr std::size_t kMaxGuess = 4096;

/// The port a server of this kind would have.
std::uint16_t usual_port(Carrier carrier, const DissectorTraits* protocol) {
    static const DissectorTraits unknown;
    const DissectorTraits& traits = protocol != nullptr ? *protocol : unknown;
    return carrier == Carrier::tls ? traits.tls_port : traits.port;
}

/// What the client offered alone is what the server took, if it took any.
std::string_view agreed_protocol(const TlsInfo& tls, bool is_detected) {
    const bool is_sure = !is_detected && tls.offered_alpn.size() == 1;
    return tls.alpn.empty() && is_sure ? std::string_view(tls.offered_alpn.front()) : tls.alpn;
}

bool is_known(const Endpoint& endpoint) {
    return endpoint.address.family != IpAddress::Family::none && endpoint.port != 0;
}

}  // namespace

ConnectionWriter::ConnectionWriter(ConnectionInfo info, PcapngCapture& capture,
                                   const FormerConnection& former)
    : info_(std::move(info)), capture_(capture), part_(former.part), positions_(former.positions) {}

void ConnectionWriter::on_endpoints(const EndpointsEvent& event) {
    if (event.role != Role::unknown) {
        info_.role = event.role;
    }
    const bool changed = info_.endpoints != event.endpoints;
    info_.correlation = event.correlation;
    info_.endpoints = event.endpoints;
    endpoints_known_ = true;
    if (conversation_ && changed) {
        made_up_ = true;  // whatever the packets show, it is not this
        pending_comment_ = to_comment(describe(), event.time);
    }
    release();
}

void ConnectionWriter::on_tls(const TlsEvent& event) {
    if (event.role != Role::unknown) {
        info_.role = event.role;
    }
    const TlsInfo before = info_.tls;
    merge(info_.tls, event.tls);
    if (conversation_ && info_.tls != before) {
        pending_comment_ = to_comment(describe(), event.time);
    }
}

void ConnectionWriter::on_process(std::shared_ptr<const ProcessInfo> process) {
    info_.process = std::move(process);
}

void ConnectionWriter::on_data(const DataEvent& event) {
    look_at(event);
    if (may_start()) {
        release();
        write(event);
        return;
    }
    held_.push_back(
        {event.time, event.tid, event.direction, event.position, Bytes(event.bytes), std::nullopt});
    held_bytes_ += kHeldCost + event.bytes.size();
}

void ConnectionWriter::on_gap(const GapEvent& event) {
    if (may_start()) {
        release();
        write_gap(event);
    } else {
        held_.push_back({event.time, 0, event.direction, event.position, {}, event});
        held_bytes_ += kHeldCost;
    }
}

void ConnectionWriter::on_close(const CloseEvent& event) {
    release();
    PacketContext context = context_at(event.time);
    if (event.reason == CloseReason::capture_end) {
        finish(event.time);  // the connection goes on: its packets must not say otherwise
        return;
    }
    if (!conversation_ && part_ != 0) {  // it was forgotten
        open_silently(context);
        conversation_->note(event.time, close_comment(event.reason));
        conversation_->flush(*capture_.section, context);
    } else if (never_came_about(event.reason)) {
        conversation_.emplace(shape(nullptr));
        context.hidden = hidden_;
        conversation_->fail(*capture_.section, context, event.reason,
                            begin_part(event.time, false, std::nullopt));
    } else {
        failed_without_data_ = !conversation_;
        ensure_open(context);
        tell_news(event.time);
        if (event.reason == CloseReason::tls_began && hand_over(event.time)) {
            return;
        }
        conversation_->close(*capture_.section, context, event.reason);
    }
    leave(event.time);
}

void ConnectionWriter::end_file(Timestamp time) {
    if (goes_on()) {
        tell_news(time);
        conversation_->flush(*capture_.section, context_at(time));
    }
}

void ConnectionWriter::finish(Timestamp time) {
    release();
    if (PacketContext context = context_at(time); part_ == 0) {
        open_silently(context);
    }
    end_file(time);
    leave(time);
}

FormerConnection ConnectionWriter::abandon(Timestamp time) {
    release();
    end_file(time);
    leave(time);
    return {.carrier = info_.carrier, .part = part_, .positions = positions_};
}

void ConnectionWriter::tell_news(Timestamp time) {
    if (std::string news = take_comment(); !news.empty()) {
        conversation_->note(time, std::move(news));
    }
}

void ConnectionWriter::leave(Timestamp time) {
    capture_.addresses.release(info_.id, time);
    capture_.notes.erase(info_.id);
}

std::size_t ConnectionWriter::held() const {
    const std::size_t held = heap_bytes(info_) + heap_bytes(pending_comment_) + heap_bytes(first_bytes_[0]) +
                             heap_bytes(first_bytes_[1]) + heap_bytes(held_) + held_bytes_;
    return held + (stream_context_ ? stream_context_->held() : 0);
}

void ConnectionWriter::release() {
    endpoints_known_ = endpoints_known_ || !held_.empty();
    held_bytes_ = 0;
    for (const Held& held : std::exchange(held_, {})) {
        if (held.gap) {
            write_gap(*held.gap);
        } else {
            write({info_.id, held.time, held.tid, held.direction, held.position, held.bytes});
        }
    }
}

void ConnectionWriter::write(const DataEvent& event) {
    PacketContext context = context_at(event.time, event.tid);
    ensure_open(context);
    std::uint64_t& expected = position(event.direction);
    if (event.position > expected) {
        lose(context, {.direction = event.direction,
                       .position = expected,
                       .bytes = event.position - expected,
                       .cause = std::nullopt});
    }
    const std::uint64_t known =
        std::min<std::uint64_t>(expected - std::min(expected, event.position), event.bytes.size());
    ByteView fresh = event.bytes.substr(known);
    while (!fresh.empty()) {
        const ByteView part = fresh.substr(0, kMaxAtOnce);
        if (stream_context_) {
            for (const StreamContext::Piece& piece : stream_context_->opening(part)) {
                make_up(context, piece.direction, piece.bytes, help_comment());
            }
            make_up(context, event.direction, stream_context_->before(event.direction, part), help_comment());
        }
        expected += part.size();
        conversation_->write(*capture_.section, context, event.direction, part, take_comment());
        fresh.remove_prefix(part.size());
    }
}

void ConnectionWriter::write_gap(const GapEvent& event) {
    PacketContext context = context_at(event.time);
    ensure_open(context);
    std::uint64_t& expected = position(event.direction);
    const std::uint64_t end = saturating_sum(event.position, event.bytes);
    if (event.bytes == 0 && end >= expected) {
        expected = end;
        if (stream_context_) {
            stream_context_->skip(event.direction, 0);
        }
        open(context, ConnectionComment::Gap{event.direction, event.cause, std::nullopt});
    } else if (end > expected) {
        lose(context, {.direction = event.direction,
                       .position = expected,
                       .bytes = end - expected,
                       .cause = event.cause});
    }
}

/// Moves the position over bytes that are missing.
void ConnectionWriter::lose(PacketContext& context, GapComment gap) {
    position(gap.direction) += gap.bytes;
    const bool in_step = !stream_context_ || stream_context_->skip(gap.direction, gap.bytes);
    if (in_step && gap.bytes <= conversation_->max_gap()) {
        conversation_->lost(*capture_.section, context, gap);
    } else {
        open(context, ConnectionComment::Gap{gap.direction, gap.cause, gap.bytes});
    }
}

/// Where nobody knows, the lower port is the server's.
bool ConnectionWriter::local_is_client() const {
    if (info_.role != Role::unknown) {
        return info_.role == Role::client;
    }
    return info_.endpoints.local.port >= info_.endpoints.remote.port;
}

std::string ConnectionWriter::take_comment() {
    if (pending_comment_.empty()) {
        if (const auto note = capture_.notes.extract(info_.id); !note.empty()) {
            return std::move(note.mapped());
        }
    }
    return std::exchange(pending_comment_, {});
}

ConnectionComment ConnectionWriter::describe() const {
    return {.info = info_,
            .update = true,
            .part = part_,
            .sent_position = positions_[0],
            .received_position = positions_[1],
            .tls_records = conversation_ && conversation_->carries_tls_records(),
            .made_up_addresses = made_up_,
            .gap = std::nullopt};
}

// What the connection looks like in the file: the protocol it speaks, and the addresses, ports and handshake
// that make Wireshark see that.

bool ConnectionWriter::is_nameless() const {
    return capture_.dissectors.guess && !named_ && info_.carrier == Carrier::tls &&
           info_.endpoints.transport != Transport::udp && info_.tls.alpn.empty() &&
           info_.tls.not_decoded.empty() &&
           std::ranges::all_of(first_bytes_, [](const Bytes& first) { return first.size() < kMaxGuess; });
}

const DissectorTraits* ConnectionWriter::guessed_protocol() const {
    return capture_.dissectors.guess ? capture_.dissectors.guess(info_, first_bytes_[0], first_bytes_[1])
                                     : nullptr;
}

/// By its bytes, else by what the peers agreed upon.
const DissectorTraits* ConnectionWriter::named_protocol() const {
    if (protocol_ != nullptr || !info_.tls.not_decoded.empty()) {
        return protocol_;
    }
    const std::string_view alpn = agreed_protocol(info_.tls, false);
    const auto found = std::ranges::find_if(capture_.dissectors.all, [&](const DissectorTraits* traits) {
        return std::ranges::find(traits->alpns, alpn) != traits->alpns.end();
    });
    return found != capture_.dissectors.all.end() ? *found : nullptr;
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
    named_ = protocol_ != nullptr;
    if (named_ && conversation_) {
        const Encapsulation wanted = choose_encapsulation(encapsulation_input(), capture_.encapsulation);
        const Encapsulation& present = conversation_->shape().encapsulation;
        if (wanted.tls != present.tls || wanted.alpn != present.alpn) {
            PacketContext context = context_at(event.time);
            open(context, std::nullopt);
        }
    }
}

bool ConnectionWriter::has_preface() const {
    const DissectorTraits* protocol = named_protocol();
    return protocol != nullptr && !protocol->preface.empty() &&
           std::ranges::any_of(first_bytes_,
                               [&](ByteView first) { return first.starts_with(protocol->preface); });
}

EncapsulationInput ConnectionWriter::encapsulation_input() const {
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
            .alpn = is_decoded ? agreed_protocol(info_.tls, protocol_ != nullptr) : std::string_view(),
            .protocol = named_protocol(),
            .has_preface = has_preface()};
}

/// `former`: the conversation that the connection goes on in.
ConversationShape ConnectionWriter::shape(const Conversation* former) {
    const Endpoints& real = info_.endpoints;
    const bool is_client = local_is_client();
    const bool is_decoded = info_.tls.not_decoded.empty();
    protocol_ = is_decoded ? guessed_protocol() : nullptr;
    const EncapsulationInput input = encapsulation_input();
    Encapsulation encapsulation = choose_encapsulation(input, capture_.encapsulation);
    if (former != nullptr) {  // the dissector of its cleartext hands over to that of TLS, and nobody else
        encapsulation.tls = is_decoded && capture_.encapsulation.mode != PcapngMode::plain;
        encapsulation.hint = DissectorHint::none;
        encapsulation.server_port = former->shape().encapsulation.server_port;
    }
    if (failed_without_data_) {
        encapsulation.tls = false;  // no handshake that never was
        encapsulation.hint = DissectorHint::none;
    }
    const ShownEndpoints shown =
        capture_.addresses.claim(info_, {.local = is_client ? input.client_port : encapsulation.server_port,
                                         .remote = is_client ? encapsulation.server_port : input.client_port,
                                         .local_is_client = is_client});
    if (shown.shown_by) {
        // Who has ended does not take its note: few such remain.
        if (!hidden_ && capture_.notes.size() < PcapngCapture::kMaxNotes) {
            capture_.notes[*shown.shown_by] = other_end_comment(info_);
        }
        encapsulation.tls = false;  // nobody dissects it
        encapsulation.hint = DissectorHint::none;
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
                             .encapsulation = std::move(encapsulation),
                             .server_name = info_.tls.sni,
                             .salt = capture_.conversations++};
}

// How it begins in a file, and what becomes of it when it turns into something else or never came about.

std::string ConnectionWriter::help_comment() {
    return filler_comment("lets a dissector understand what follows");
}

bool ConnectionWriter::never_came_about(CloseReason reason) const {
    const bool is_failure =
        reason == CloseReason::refused || (reason == CloseReason::timed_out && !info_.endpoints.connect_time);
    return !conversation_ && is_failure && info_.endpoints.transport != Transport::udp;
}

/// The TCP connection stays, for the TLS in it. False when nobody sees it anyway.
bool ConnectionWriter::hand_over(Timestamp time) {
    if (hidden_ || conversation_->shape().transport != Transport::tcp) {
        return false;
    }
    conversation_->note(time, close_comment(CloseReason::tls_began));
    capture_.handovers.add(socket_key(info_.endpoints), std::move(*conversation_), file_, info_.process,
                           time);
    capture_.addresses.hand_over(info_.id);
    return true;
}

void ConnectionWriter::ensure_open(PacketContext& context) {
    if (!goes_on()) {
        open(context, std::nullopt);
    }
}

/// No packet shows it.
void ConnectionWriter::open_silently(PacketContext& context) {
    conversation_.emplace(shape(nullptr));
    context.hidden = hidden_;
    conversation_->note(context.time, begin_part(context.time, false, std::nullopt));
}

/// The comment that says so.
std::string ConnectionWriter::begin_part(Timestamp time, bool tls_records,
                                         std::optional<ConnectionComment::Gap> gap) {
    file_ = capture_.file;
    ++part_;
    ConnectionComment comment = describe();
    comment.update = false;
    comment.tls_records = tls_records;
    comment.gap = gap;
    pending_comment_.clear();
    return to_comment(comment, time);
}

void ConnectionWriter::open(PacketContext& context, std::optional<ConnectionComment::Gap> gap) {
    if (goes_on()) {
        conversation_->flush(*capture_.section, context);
    }
    std::optional<Conversation> former;
    if (part_ == 0 && info_.carrier == Carrier::tls) {
        former = capture_.handovers.take(socket_key(info_.endpoints), capture_.file);
    }
    ConversationShape wanted = shape(former ? &*former : nullptr);
    context.hidden = hidden_;
    if (hidden_) {
        former.reset();  // that one is seen
    }
    const bool is_handed_over = former.has_value();
    Encapsulation encapsulation = wanted.encapsulation;
    conversation_.emplace(is_handed_over ? std::move(*former) : Conversation(std::move(wanted)));
    const std::string text = begin_part(context.time, encapsulation.tls, gap);
    if (is_handed_over) {
        conversation_->turn_into(*capture_.section, context, std::move(encapsulation), info_.tls.sni, text);
    } else {
        conversation_->open(*capture_.section, context, text);
    }
    if (conversation_->shape().transport != Transport::udp) {
        begin_context(context);
    }
}

/// A dissector which begins here may need to know of what passed before.
void ConnectionWriter::begin_context(const PacketContext& context) {
    if (!stream_context_ && protocol_ != nullptr && protocol_->make_context != nullptr) {
        const bool from_start = part_ == 1 && (!info_.midstream || has_preface());
        stream_context_ =
            protocol_->make_context(local_is_client() ? Direction::sent : Direction::received, from_start);
    }
    if (!stream_context_) {
        return;
    }
    const StreamContext::Beginning beginning = stream_context_->begin();
    for (const StreamContext::Piece& piece : beginning.pieces) {
        make_up(context, piece.direction, piece.bytes,
                beginning.is_exact && !piece.for_dissectors ? context_comment() : help_comment());
    }
}

/// Every packet of it says so.
void ConnectionWriter::make_up(const PacketContext& context, Direction direction, ByteView bytes,
                               std::string_view comment) {
    while (!bytes.empty()) {
        const ByteView part = bytes.substr(0, kMaxTlsPlaintext);
        conversation_->write(*capture_.section, context, direction, part, comment);
        bytes.remove_prefix(part.size());
    }
}

}  // namespace sslsniff
