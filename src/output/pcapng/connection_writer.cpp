#include "output/pcapng/connection_writer.h"

#include <algorithm>
#include <utility>

#include "base/memory.h"
#include "base/saturating.h"

namespace sslsniff {
namespace {

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

}  // namespace sslsniff
