// How a connection begins in a file, and what becomes of it when it turns into something else or never came
// about.

#include <utility>

#include "model/socket_key.h"
#include "output/pcapng/connection_writer.h"
#include "output/pcapng/synthetic_tls.h"

namespace sslsniff {

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
    Carriage carriage = wanted.carriage;
    conversation_.emplace(is_handed_over ? std::move(*former) : Conversation(std::move(wanted)));
    const std::string text = begin_part(context.time, carriage.tls, gap);
    if (is_handed_over) {
        conversation_->turn_into(*capture_.section, context, std::move(carriage), info_.tls.sni, text);
    } else {
        conversation_->open(*capture_.section, context, text);
    }
    if (conversation_->shape().transport != Transport::udp) {
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
