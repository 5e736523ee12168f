#include "output/pcapng/connection_writer.h"

#include <algorithm>
#include <utility>

#include "base/memory.h"
#include "model/socket_key.h"
#include "output/pcapng/synthetic_tls.h"

namespace sslsniff {
namespace {

constexpr std::string_view kHelp = "lets a dissector understand what follows";
/// Well below what a frame of HTTP/2 holds.
constexpr std::size_t kMaxAtOnce = 1 << 20;
/// Of memory, for an event that waits.
constexpr std::size_t kHeldCost = 32;

template <class T>
void replace(T& known, const T& news) {
    if (!news.empty()) {
        known = news;
    }
}

void merge(TlsInfo& known, const TlsInfo& news) {
    replace(known.library, news.library);
    replace(known.version, news.version);
    replace(known.cipher, news.cipher);
    replace(known.sni, news.sni);
    replace(known.alpn, news.alpn);
    replace(known.offered_alpn, news.offered_alpn);
    known.handshake = news.handshake ? news.handshake : known.handshake;
    known.handshake_failed = known.handshake_failed || news.handshake_failed;
    replace(known.handshake_error, news.handshake_error);
    replace(known.not_decoded, news.not_decoded);
}

}  // namespace

ConnectionWriter::ConnectionWriter(ConnectionInfo info, PcapngCapture& capture)
    : info_(std::move(info)), capture_(capture) {}

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
        pending_comment_ = to_comment(describe());
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
        pending_comment_ = to_comment(describe());
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
    failed_without_data_ = !conversation_;
    // At the end of the capture the connection goes on: its packets must not say otherwise.
    if (event.reason != CloseReason::capture_end) {
        ensure_open(context);
        if (const std::string news = take_comment(); !news.empty()) {
            conversation_->note(*capture_.section, context, news);
        }
        if (event.reason == CloseReason::tls_began && hand_over(context)) {
            return;
        }
        conversation_->close(*capture_.section, context, event.reason);
    }
    leave(event.time);
}

/// The TCP connection stays, for the TLS in it. False when nobody sees it anyway.
bool ConnectionWriter::hand_over(const PacketContext& context) {
    if (hidden_ || conversation_->shape().transport != Transport::tcp) {
        return false;
    }
    conversation_->note(*capture_.section, context, close_comment(CloseReason::tls_began));
    capture_.handovers.add(socket_key(info_.endpoints), std::move(*conversation_), file_);
    capture_.addresses.hand_over(info_.id);
    return true;
}

void ConnectionWriter::abandon(Timestamp time) {
    release();
    leave(time);
}

void ConnectionWriter::leave(Timestamp time) {
    capture_.addresses.release(info_.id, time);
    capture_.notes.erase(info_.id);
}

std::size_t ConnectionWriter::held() const {
    const std::size_t held = heap_bytes(info_) + heap_bytes(pending_comment_) + heap_bytes(protocol_) +
                             heap_bytes(first_bytes_[0]) + heap_bytes(first_bytes_[1]) + heap_bytes(held_) +
                             held_bytes_;
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
        lose(context, event.direction, {expected, event.position - expected, LossCause::unknown});
    }
    const std::uint64_t known =
        std::min<std::uint64_t>(expected - std::min(expected, event.position), event.bytes.size());
    ByteView fresh = event.bytes.substr(known);
    while (!fresh.empty()) {
        const ByteView part = fresh.substr(0, kMaxAtOnce);
        if (stream_context_) {
            make_up(context, event.direction, stream_context_->before(event.direction, part),
                    filler_comment(kHelp));
        }
        expected += part.size();
        conversation_->write(*capture_.section, context, event.direction, part, take_comment());
        fresh.remove_prefix(part.size());
    }
}

void ConnectionWriter::write_gap(const GapEvent& event) {
    PacketContext context = context_at(event.time);
    ensure_open(context);
    const std::uint64_t expected = position(event.direction);
    const std::uint64_t end = event.position + event.bytes;
    if (end > expected) {
        lose(context, event.direction, {expected, end - expected, event.cause});
    } else if (event.bytes == 0) {
        if (stream_context_) {
            stream_context_->skip(event.direction, 0);
        }
        open(context, ConnectionComment::Gap{event.direction, event.cause});
    }
}

/// Moves the position over bytes that are missing.
void ConnectionWriter::lose(PacketContext& context, Direction direction, const GapComment& gap) {
    position(direction) += gap.bytes;
    const bool in_step = !stream_context_ || stream_context_->skip(direction, gap.bytes);
    if (in_step && gap.bytes <= conversation_->max_gap()) {
        conversation_->lost(*capture_.section, context, direction, gap);
    } else {
        open(context, ConnectionComment::Gap{direction, gap.cause});
    }
}

void ConnectionWriter::ensure_open(PacketContext& context) {
    if (!conversation_ || file_ != capture_.file) {
        open(context, std::nullopt);
    }
}

void ConnectionWriter::open(PacketContext& context, std::optional<ConnectionComment::Gap> gap) {
    std::optional<Conversation> former;
    if (part_ == 0 && info_.carrier == Carrier::tls) {
        former = capture_.handovers.take(socket_key(info_.endpoints), capture_.file);
    }
    ConversationShape wanted = shape(former ? &*former : nullptr);
    context.hidden = hidden_;
    if (hidden_) {
        former.reset();  // that one is seen
    }
    const bool goes_on = former.has_value();
    const bool is_udp = wanted.transport == Transport::udp;
    Carriage carriage = wanted.carriage;
    conversation_.emplace(goes_on ? std::move(*former) : Conversation(std::move(wanted)));
    file_ = capture_.file;
    ++part_;
    ConnectionComment comment = describe();
    comment.update = false;
    comment.tls_records = carriage.tls;
    comment.gap = gap;
    std::string text = to_comment(comment);
    pending_comment_.clear();
    if (is_udp) {
        pending_comment_ = std::move(text);
    } else if (goes_on) {
        conversation_->turn_into(*capture_.section, context, std::move(carriage), info_.tls.sni, text);
        begin_context(context);
    } else {
        conversation_->open(*capture_.section, context, text);
        begin_context(context);
    }
}

/// A dissector which begins here may need to know of what passed before.
void ConnectionWriter::begin_context(const PacketContext& context) {
    if (!stream_context_ && capture_.make_context) {
        const bool from_start = part_ == 1 && (!info_.midstream || has_preface());
        stream_context_ = capture_.make_context(
            protocol_, local_is_client() ? Direction::sent : Direction::received, from_start);
    }
    if (!stream_context_) {
        return;
    }
    const StreamContext::Beginning beginning = stream_context_->begin();
    const std::string comment = beginning.is_exact ? context_comment() : filler_comment(kHelp);
    for (const StreamContext::Piece& piece : beginning.pieces) {
        make_up(context, piece.direction, piece.bytes, comment);
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

}  // namespace sslsniff
