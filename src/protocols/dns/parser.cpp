#include "protocols/dns/parser.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/memory.h"
#include "protocols/dns/plausible.h"
#include "protocols/dns/registry_names.h"

namespace sslsniff::dns {
namespace {

// What stub resolvers wait for an answer (resolv.conf "timeout"); by event time.
constexpr Duration kTimeout = std::chrono::seconds(5);
constexpr std::string_view kNoResponse = "no response";
constexpr std::string_view kMalformed = "malformed message";

/// Whether more messages of a zone transfer follow (RFC 5936 section 2.2, RFC 1995).
bool transfer_continues(const DnsExchange& exchange, const Message& latest) {
    const Message& query = *exchange.query;
    const bool transfer = !query.questions.empty() &&
                          (query.questions.front().type == kAxfr || query.questions.front().type == kIxfr);
    if (!transfer || latest.rcode != 0 || !latest.error.empty()) {
        return false;
    }
    const bool single_soa = exchange.records == 1 && query.questions.front().type == kIxfr;
    return !single_soa && (exchange.records < 2 || latest.last_answer_type != kSoa);
}

/// Adds one message of a response.
void add_response(DnsExchange& exchange, Message message) {
    exchange.messages = exchange.response ? exchange.messages + 1 : 1;
    exchange.transferred += message.size;
    exchange.records += message.answer_count;
    if (!exchange.response) {
        exchange.response = std::move(message);
    }
}

}  // namespace

ProtocolParser::Status DnsParser::feed(Direction direction, ByteView bytes, Timestamp time) {
    if (rejected_) {
        return Status::rejected;
    }
    bool good = true;
    if (is_udp()) {
        good = settle_cut(0) && on_message(direction, {bytes}, time, true);
    } else {
        while (const auto framed = good ? framer(direction).next(bytes) : std::nullopt) {
            good = on_message(direction, *framed, time);
        }
    }
    rejected_ = !good;
    return good ? Status::ok : Status::rejected;
}

/// False when this cannot be DNS.
bool DnsParser::on_message(Direction direction, const TcpFramer::Framed& framed, Timestamp time,
                           bool may_be_cut) {
    Message message = decode_message(framed.bytes);
    const Place place = place_of(host_.connection().endpoints);
    const bool multicast = place == Place::multicast;
    if (!understood_ && framed.missing == 0 && !plausible_message(message, place)) {
        // Nothing is known yet: a message with oddities must have a sound beginning at least.
        if (message.questions.empty() || !plausible_header(framed.bytes, framed.bytes.size(), place)) {
            return false;
        }
    }
    understood_ = true;
    if (may_be_cut && !message.error.empty()) {
        cut_ = {direction, time, Bytes(framed.bytes)};
        return true;
    }
    message.size += static_cast<std::uint32_t>(framed.missing);
    if (framed.missing != 0 && !message.error.empty()) {
        message.error = "bytes are missing";
    }
    if (multicast) {
        const bool broken = !message.error.empty();
        emit_alone(std::move(message), time, broken ? kMalformed : std::string_view{}, framed.missing);
        return true;
    }
    find_role(direction, message.response);
    const bool headless = message.questions.empty() && !message.error.empty();
    if (headless) {
        emit_alone(std::move(message), time, framed.missing > 0 ? "gap in message" : kMalformed,
                   framed.missing);
    } else if (message.stateful && message.id == 0) {
        emit_alone(std::move(message), time, {}, framed.missing);  // RFC 8490 section 5.1.2: not answered
    } else if (message.response) {
        on_response(std::move(message), time, framed.missing);
    } else {
        on_query(std::move(message), time);
    }
    expire(time);
    return true;
}

void DnsParser::find_role(Direction direction, bool response) {
    if (!role_known_) {
        role_known_ = true;
        const bool client = (direction == Direction::sent) != response;
        host_.set_role(client ? Role::client : Role::server);
    }
}

void DnsParser::on_query(Message query, Timestamp time) {
    queries_.add(std::move(query), host_.connection().endpoints.remote, time);
    if (queries_.size() > limits_.max_pending) {
        if (auto oldest = queries_.take_oldest()) {
            emit_unanswered(std::move(*oldest), "too many queries waiting");
        }
    }
}

void DnsParser::on_response(Message response, Timestamp time, std::uint64_t missing) {
    auto query = queries_.take(response, host_.connection().endpoints.remote);
    if (!query) {
        emit_alone(std::move(response), time, "query not seen", missing);
        return;
    }
    query->response_start = query->response_start.value_or(time);
    add_response(*query->exchange, response);
    if (transfer_continues(*query->exchange, response)) {
        query->latest = time;
        queries_.put_back(std::move(*query));
        return;
    }
    const bool broken = !response.error.empty();
    emit(std::move(*query), time,
         missing > 0 ? "gap in message"
         : broken    ? kMalformed
                     : std::string_view{},
         missing);
}

void DnsParser::emit(PendingQuery query, Timestamp time, std::string_view reason, std::uint64_t missing) {
    const Timing timing{query.sent, query.sent, query.response_start, time};
    Integrity integrity;
    integrity.complete = reason.empty();
    integrity.missing_bytes = missing;
    integrity.reason = reason;
    host_.emit(timing, std::move(integrity), std::move(query.exchange));
}

void DnsParser::emit_unanswered(PendingQuery query, std::string_view reason) {
    const Timing timing{query.sent, query.sent, query.response_start, {}};
    Integrity integrity;
    integrity.complete = false;
    integrity.reason = query.exchange->response ? "transfer unfinished" : reason;
    host_.emit(timing, std::move(integrity), std::move(query.exchange));
}

void DnsParser::emit_alone(Message message, Timestamp time, std::string_view reason, std::uint64_t missing) {
    auto exchange = std::make_unique<DnsExchange>();
    exchange->multicast = is_multicast(host_.connection().endpoints);
    Timing timing{time, {}, {}, time};
    Integrity integrity;
    integrity.complete = reason.empty();
    integrity.missing_bytes = missing;
    integrity.joined_midstream = message.response && !reason.empty();
    integrity.reason = reason;
    if (message.response) {
        timing.response_start = time;
        exchange->response = std::move(message);
    } else {
        timing.request_end = time;
        exchange->query = std::move(message);
    }
    host_.emit(timing, std::move(integrity), std::move(exchange));
}

void DnsParser::expire(Timestamp now) {
    while (auto query = queries_.take_older_than(now - kTimeout)) {
        emit_unanswered(std::move(*query), kNoResponse);
    }
}

void DnsParser::gap(Direction direction, std::uint64_t bytes, Timestamp) {
    if (is_udp()) {  // a datagram that is missing shifts nothing
        settle_cut(cut_ && cut_->direction == direction ? bytes : 0);
    } else {
        framer(direction).gap(bytes);
    }
}

/// The datagram that was held, of which so many bytes are missing.
bool DnsParser::settle_cut(std::uint64_t missing) {
    const std::optional<Cut> cut = std::exchange(cut_, std::nullopt);
    return !cut || on_message(cut->direction, {cut->bytes, missing}, cut->time);
}

void DnsParser::end_of_stream(Direction, Timestamp) {
    // Messages are delimited by themselves; what is unanswered is told by finish().
}

std::size_t DnsParser::held() const {
    return allocated(sizeof(*this)) + queries_.held() + framers_[0].held() + framers_[1].held() +
           (cut_ ? heap_bytes(cut_->bytes) : 0);
}

std::uint64_t DnsParser::give_up(std::size_t bytes) {
    const std::size_t before = held();
    const std::size_t goal = before - std::min(before, bytes);
    std::uint64_t number = 0;
    for (; held() > goal && queries_.size() > 0; ++number) {
        emit_unanswered(*queries_.take_oldest(), kNoLongerKept);
    }
    return number;
}

void DnsParser::finish(Timestamp time) {
    if (rejected_) {
        return;
    }
    settle_cut(0);
    for (const Direction direction : {Direction::sent, Direction::received}) {
        if (const auto framed = understood_ ? framer(direction).unfinished() : std::nullopt) {
            on_message(direction, *framed, time);
        }
    }
    while (auto query = queries_.take_oldest()) {
        emit_unanswered(std::move(*query), kNoResponse);
    }
}

}  // namespace sslsniff::dns
