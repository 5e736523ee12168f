#include "protocols/cql/handler.h"

#include <algorithm>
#include <utility>

#include "base/endian.h"
#include "base/memory.h"
#include "body/block_decoder.h"
#include "protocols/cql/segment.h"

namespace sslsniff::cql {
namespace {

using framed::Side;

constexpr std::string_view kProtocol = "cql";
constexpr std::string_view kNoResponse = "no response";
constexpr std::string_view kMalformed = "malformed message";
constexpr std::string_view kNotDecompressed = "could not be decompressed";
/// Bytes of an envelope in which it is read, besides --max-body.
constexpr std::size_t kReadBytes = std::size_t{64} * 1024;
/// What is compressed may become so many times as much, and no more than this.
constexpr std::size_t kMostExpansion = 256;
constexpr std::size_t kMostDecompressed = std::size_t{4} * 1024 * 1024;

template <class Waiting>
bool any(const Waiting& /*waiting*/) {
    return true;
}

void damage(Integrity& integrity, std::string_view reason) {
    if (integrity.complete) {
        integrity.reason = reason;
    }
    integrity.complete = false;
}

}  // namespace

CqlHandler::CqlHandler(ParserHost& host, const ParserLimits& limits)
    : host_(host),
      limits_{.max_body = limits.max_body, .show_secrets = limits.show_secrets},
      max_pending_(limits.max_pending),
      inside_{Inside(Side::client, limits.max_body + kReadBytes),
              Inside(Side::server, limits.max_body + kReadBytes)} {}

framed::MessageHandler::Next CqlHandler::on_message(Side side, const framed::Message& message) {
    const bool good =
        read_segment(message.bytes)
            ? on_segment(side, message)
            : on_envelope(side, message, message.missing > 0 ? framed::kGap : std::string_view{});
    return good ? Next::go_on : Next::strange;
}

/// Only whole envelopes are in a segment that says so: there the next one begins.
bool CqlHandler::on_segment(Side side, const framed::Message& message) {
    const Segment segment = *read_segment(message.bytes);
    Inside& here = inside(side);
    const std::optional<Bytes> payload =
        message.is_whole() ? segment_payload(segment, message.bytes) : std::nullopt;
    if (segment.is_self_contained && !here.reader.at_boundary()) {
        lose_inside(side, framed::kUnfinished);
    }
    if (!payload) {
        lose_inside(side, framed::kGap);
        return message.missing > 0;
    }
    here.in_step = here.in_step || segment.is_self_contained;
    if (!here.in_step) {
        // The first of a large envelope, if it is one: its parts say nothing of their number.
        const auto look = look_at_envelope(side, *payload);
        here.in_step = look.state == framed::Look::State::message && look.size > payload->size();
        if (!here.in_step) {
            return true;
        }
    }
    bool good = true;
    for (ByteView rest = *payload; !rest.empty();) {
        const auto result = here.reader.read(rest, message.end);
        if (result == framed::MessageReader::Result::malformed) {
            here.reader.abandon();
            here.in_step = false;
            return false;
        }
        if (result == framed::MessageReader::Result::message) {
            framed::Message envelope = here.reader.message();
            envelope.start = std::min(envelope.start, message.start);
            good = on_envelope(side, envelope, {}) && good;
        }
    }
    here.in_step = true;
    return good;
}

/// A part of what one side said in segments is missing: what is open does not end.
void CqlHandler::lose_inside(Side side, std::string_view reason) {
    Inside& here = inside(side);
    const bool open = !here.reader.at_boundary();
    const framed::Message cut = here.reader.abandon();
    here.in_step = false;
    if (open && cut.size > 0 && cut.bytes.size() >= kEnvelopeHeader) {
        on_envelope(side, cut, reason);
    }
}

bool CqlHandler::on_envelope(Side side, const framed::Message& message, std::string_view damage) {
    Envelope envelope{.header = read_envelope_header(message.bytes),
                      .body = message.bytes.substr(kEnvelopeHeader),
                      .bytes = message.size,
                      .is_whole = message.is_whole()};
    Bytes decompressed;
    if ((envelope.header.flags & kCompressed) != 0 && envelope.header.size > 0) {
        envelope.is_readable = envelope.is_whole && decompress(envelope, decompressed);
    }
    return side == Side::client ? on_request(envelope, message, damage)
                                : on_response(envelope, message, damage);
}

/// LZ4 behind the size in four bytes, or Snappy (section 5 of version 4): STARTUP says which, but one is not
/// the other.
bool CqlHandler::decompress(Envelope& envelope, Bytes& out) const {
    const std::size_t limit = std::min(kMostDecompressed, envelope.body.size() * kMostExpansion);
    constexpr std::size_t kSize = 4;
    std::optional<Bytes> found;
    if (envelope.body.size() > kSize) {
        found = decode_lz4_block(envelope.body.substr(kSize), load_be<std::uint32_t>(envelope.body), limit);
    }
    if (!found) {
        found = decode_snappy(envelope.body, limit);
    }
    if (!found) {
        return false;
    }
    out = *std::move(found);
    envelope.body = out;
    return true;
}

bool CqlHandler::on_request(const Envelope& envelope, const framed::Message& message,
                            std::string_view reason) {
    Waiting waiting{
        .exchange = std::make_unique<sql::SqlExchange>(kProtocol, kind_of(envelope.header.opcode)),
        .asked = {}};
    const bool good = describe_request(envelope, prepared_, limits_, *waiting.exchange, waiting.asked);
    waiting.timing.start = message.start;
    if (reason.empty()) {
        waiting.timing.request_end = message.end;
    }
    waiting.integrity.missing_bytes = message.missing;
    if (!reason.empty() || !good || !envelope.is_readable) {
        damage(waiting.integrity, !reason.empty() ? reason : !good ? kMalformed : kNotDecompressed);
        waiting.asked.statement.reset();  // it may be a part of one
    }
    const std::int16_t stream = envelope.header.stream;
    if (auto former = waiting_.take(stream, any<Waiting>)) {
        const bool lost = former->doubted || !former->integrity.complete;
        emit(*std::move(former), lost ? "response lost" : "the same stream was used again");
        if (!lost) {
            damage(waiting.integrity, "its stream was used twice");
        }
    }
    if (waiting_.size() >= max_pending_) {
        emit(*waiting_.take_oldest(), "no response: too many requests wait");
    }
    const std::size_t bytes = waiting.exchange->held();
    waiting_.add(stream, std::move(waiting), bytes);
    return good;
}

bool CqlHandler::on_response(const Envelope& envelope, const framed::Message& message,
                             std::string_view reason) {
    const bool is_event = envelope.header.opcode == Opcode::event;
    auto found = is_event ? std::nullopt : waiting_.take(envelope.header.stream, any<Waiting>);
    Waiting waiting;
    if (found) {
        waiting = *std::move(found);
        if (!waiting.integrity.complete) {
            waiting.asked.statement.reset();  // another one may have had its stream since
        }
    } else {
        waiting.exchange = std::make_unique<sql::SqlExchange>(kProtocol, is_event ? "event" : "answer");
        waiting.exchange->towards_client = is_event;
        waiting.timing.start = message.start;
        if (!is_event) {
            waiting.integrity.joined_midstream = joined_;
            damage(waiting.integrity, "request not seen");
        }
    }
    const bool good = describe_response(envelope, waiting.asked, limits_, prepared_, *waiting.exchange);
    waiting.timing.response_start = message.start;
    if (reason.empty()) {
        waiting.timing.end = message.end;
    }
    waiting.integrity.missing_bytes += message.missing;
    if (!reason.empty() || !good || !envelope.is_readable) {
        damage(waiting.integrity, !reason.empty() ? reason : !good ? kMalformed : kNotDecompressed);
    }
    const bool known = waiting.exchange->request.seen || is_event || joined_;
    emit(std::move(waiting), {});
    return good && known;
}

void CqlHandler::emit(Waiting waiting, std::string_view unanswered) {
    if (!unanswered.empty()) {
        damage(waiting.integrity, unanswered);
    }
    host_.emit(waiting.timing, std::move(waiting.integrity), std::move(waiting.exchange));
}

void CqlHandler::on_joined() {
    joined_ = true;
}

void CqlHandler::on_loss(Side side, const framed::Message* cut, std::string_view reason, Timestamp /*time*/) {
    joined_ = true;
    lose_inside(side, reason);
    if (cut != nullptr && cut->size > 0 && !read_segment(cut->bytes) &&
        cut->bytes.size() >= kEnvelopeHeader) {
        on_envelope(side, *cut, reason);
    }
    // Streams of lost requests may have been used again; lost answers leave theirs waiting.
    waiting_.each([&](Waiting& waiting) {
        waiting.doubted = true;
        if (side == Side::client) {
            damage(waiting.integrity, reason);
        }
    });
}

void CqlHandler::finish(Timestamp /*time*/) {
    for (const Side side : {Side::client, Side::server}) {
        lose_inside(side, framed::kUnfinished);
    }
    while (auto waiting = waiting_.take_oldest()) {
        emit(*std::move(waiting), kNoResponse);
    }
}

std::size_t CqlHandler::held() const {
    return allocated(sizeof(*this)) + waiting_.held() + prepared_.held() + inside_[0].reader.held() +
           inside_[1].reader.held();
}

std::uint64_t CqlHandler::give_up(std::size_t bytes) {
    const std::size_t before = held();
    std::uint64_t number = 0;
    for (; !waiting_.empty() && held() + bytes > before; ++number) {
        emit(*waiting_.take_oldest(), kNoLongerKept);
    }
    joined_ = joined_ || number > 0;
    return number;
}

}  // namespace sslsniff::cql
