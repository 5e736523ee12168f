#include "stream/connection.h"

#include <algorithm>
#include <utility>

namespace sslsniff {
namespace {

template <class T>
void replace_if_known(T& known, const T& update) {
    if (update != T{}) {
        known = update;
    }
}

std::size_t index(Direction direction) {
    return static_cast<std::size_t>(direction);
}

/// Whether the peers meant the streams to end where they did.
bool is_orderly(CloseReason reason) {
    return reason == CloseReason::shutdown || reason == CloseReason::freed ||
           reason == CloseReason::socket_closed;
}

}  // namespace

Connection::Connection(ConnectionInfo info, const StreamLimits& limits, TransactionSink& sink)
    : info_(std::move(info)),
      limits_(limits),
      sink_(sink),
      buffer_(limits.max_detection),
      joined_(info_.midstream),
      rejected_(protocols().size()) {}

void Connection::on_data(const DataEvent& event) {
    const ByteStream::Fresh fresh = stream(event.direction).data(event.position, event.bytes);
    if (fresh.gap) {
        deliver_gap(event.direction, *fresh.gap, event.time);
    }
    if (!fresh.bytes.empty()) {
        deliver(event.direction, fresh.bytes, event.time);
    }
}

void Connection::on_gap(const GapEvent& event) {
    if (const auto missing = stream(event.direction).gap(event.position, event.bytes)) {
        deliver_gap(event.direction, *missing, event.time);
    }
}

void Connection::on_endpoints(const EndpointsEvent& event) {
    info_.endpoints = event.endpoints;
    info_.correlation = event.correlation;
    if (!role_from_traffic_) {
        replace_if_known(info_.role, event.role);
    }
}

void Connection::on_tls(const TlsEvent& event) {
    TlsInfo& tls = info_.tls;
    replace_if_known(tls.library, event.tls.library);
    replace_if_known(tls.version, event.tls.version);
    replace_if_known(tls.cipher, event.tls.cipher);
    replace_if_known(tls.sni, event.tls.sni);
    replace_if_known(tls.alpn, event.tls.alpn);
    replace_if_known(tls.offered_alpn, event.tls.offered_alpn);
    replace_if_known(tls.handshake, event.tls.handshake);
    replace_if_known(tls.handshake_failed, event.tls.handshake_failed);
    replace_if_known(tls.not_decoded, event.tls.not_decoded);
    if (!role_from_traffic_) {
        replace_if_known(info_.role, event.role);
    }
}

void Connection::deliver(Direction direction, ByteView bytes, Timestamp time) {
    if (parser_) {
        parse(direction, bytes, time);
    } else if (!info_.tls.not_decoded.empty()) {
        dropped_[index(direction)] += bytes.size();  // ciphertext: whatever it resembles, it is not that
    } else {
        detect(direction, bytes, time);
    }
}

void Connection::deliver_gap(Direction direction, std::uint64_t bytes, Timestamp time) {
    if (replayable_ && !buffer_.add_gap(direction, bytes, time)) {
        parser_ ? forget_buffer() : drop_buffer();
    }
    if (parser_) {
        parser_->gap(direction, bytes, time);
        switch_parser(time);
    }
}

void Connection::parse(Direction direction, ByteView bytes, Timestamp time) {
    if (replayable_ && !buffer_.add(direction, bytes, time)) {
        forget_buffer();
    }
    const ProtocolParser::Status status = parser_->feed(direction, bytes, time);
    if (status == ProtocolParser::Status::rejected) {
        on_rejected();
    } else {
        switch_parser(time);
    }
}

/// Asks the protocols about what is buffered and `latest`. The answer is `yes` when one is sure.
Verdict Connection::ask(Direction direction, ByteView latest, const Protocol*& found) const {
    // Protocols see octets of one direction in one piece.
    Bytes joined;
    ByteView own = latest;
    if (const ByteView before = buffer_.evidence(direction); !before.empty()) {
        joined.reserve(before.size() + latest.size());
        joined.append(before).append(latest);
        own = joined;
    }
    const ByteView other = buffer_.evidence(opposite(direction));
    const bool sent = direction == Direction::sent;
    const Evidence evidence{sent ? own : other, sent ? other : own, info_, is_late() || buffer_.has_gap()};
    Verdict verdict = Verdict::no;
    for (std::size_t row = 0; row < protocols().size(); ++row) {
        const Protocol& protocol = protocols()[row];
        const Verdict answer = rejected_[row] ? Verdict::no : protocol.detect(evidence);
        if (answer == Verdict::yes) {
            found = &protocol;
            return answer;
        }
        verdict = std::max(verdict, answer);
    }
    return verdict;
}

void Connection::detect(Direction direction, ByteView bytes, Timestamp time) {
    const Protocol* forced = find_decode_as(limits_.decode_as, info_.endpoints);
    if (forced != nullptr && !rejected_[static_cast<std::size_t>(forced - protocols().data())]) {
        start(*forced, time);
        deliver(direction, bytes, time);
        return;
    }
    const std::size_t buffered = buffer_.evidence(direction).size();
    const ByteView prefix = bytes.substr(0, limits_.max_detection - buffered);
    // Asking again for each octet would cost the square of their number.
    const std::size_t total = buffered + prefix.size();
    Verdict verdict = Verdict::need_more;
    const Protocol* found = nullptr;
    if (total >= next_attempt_ || direction != last_direction_ || prefix.size() < bytes.size()) {
        verdict = ask(direction, prefix, found);
        next_attempt_ = total + total / 8 + 1;
        last_direction_ = direction;
    }
    if (verdict == Verdict::yes) {
        start(*found, time);
        deliver(direction, bytes, time);
    } else if (verdict == Verdict::no || !buffer_.add(direction, bytes, time)) {
        const bool retry = !buffer_.empty();
        drop_buffer();
        if (retry) {
            detect(direction, bytes, time);  // what is new may be a beginning
        } else {
            dropped_[index(direction)] += bytes.size();
        }
    }
}

/// Nobody understood what is buffered.
void Connection::drop_buffer() {
    for (const auto& entry : buffer_.entries()) {
        dropped_[index(entry.direction)] += entry.size;
    }
    restart_detection();
}

/// From here on there is no way back to other protocols.
void Connection::forget_buffer() {
    replayable_ = false;
    buffer_.clear();
}

void Connection::start(const Protocol& protocol, Timestamp time) {
    parser_ = protocol.create(*this, limits_.parser);
    protocol_ = protocol.name;
    const DetectionBuffer buffer = std::exchange(buffer_, DetectionBuffer(limits_.max_detection));
    for (const Direction direction : {Direction::sent, Direction::received}) {
        if (joined_ || dropped_[index(direction)] != 0) {
            parser_->gap(direction, dropped_[index(direction)], time);
        }
    }
    replay(buffer);
}

void Connection::replay(const DetectionBuffer& buffer) {
    for (const auto& entry : buffer.entries()) {
        if (entry.gap) {
            deliver_gap(entry.direction, *entry.gap, entry.time);
        } else {
            deliver(entry.direction, buffer.octets(entry), entry.time);
        }
    }
}

void Connection::restart_detection() {
    parser_.reset();
    buffer_.clear();
    replayable_ = true;
    rejected_.assign(protocols().size(), false);
    next_attempt_ = 0;
}

/// The protocol was a wrong guess: the others get what it had.
void Connection::on_rejected() {
    const auto* const row = std::ranges::find(protocols(), protocol_, &Protocol::name).base();
    protocol_.clear();
    parser_.reset();
    next_attempt_ = 0;
    if (!replayable_ || row == protocols().data() + protocols().size()) {
        restart_detection();
        dropped_ = {totals(Direction::sent).bytes, totals(Direction::received).bytes};
        return;
    }
    rejected_[static_cast<std::size_t>(row - protocols().data())] = true;
    replay(std::exchange(buffer_, DetectionBuffer(limits_.max_detection)));
}

void Connection::emit(Timing timing, Integrity integrity, std::unique_ptr<Exchange> exchange) {
    forget_buffer();  // it was the right protocol
    protocol_ = exchange->protocol();
    ++transactions_;
    sink_.on_transaction({info_, timing, std::move(integrity), std::move(exchange)});
}

void Connection::set_role(Role role) {
    role_from_traffic_ = true;
    info_.role = role;
}

void Connection::become(std::unique_ptr<ProtocolParser> parser, ByteView rest_sent, ByteView rest_received) {
    switching_ = true;
    successor_ = std::move(parser);
    rest_sent_ = rest_sent;
    rest_received_ = rest_received;
}

void Connection::switch_parser(Timestamp time) {
    if (!switching_) {
        return;
    }
    switching_ = false;
    restart_detection();
    joined_ = false;
    dropped_ = {};
    parser_ = std::move(successor_);
    replayable_ = !parser_;
    const Bytes sent = std::exchange(rest_sent_, {});
    const Bytes received = std::exchange(rest_received_, {});
    if (!sent.empty()) {
        deliver(Direction::sent, sent, time);
    }
    if (!received.empty()) {
        deliver(Direction::received, received, time);
    }
}

void Connection::close(CloseReason reason, Timestamp time) {
    if (parser_ && is_orderly(reason)) {
        parser_->end_of_stream(Direction::sent, time);
        parser_->end_of_stream(Direction::received, time);
    }
    if (parser_) {
        parser_->finish(time);
    }
    ConnectionRecord record{
        info_, time, reason, protocol_, transactions_, totals(Direction::sent), totals(Direction::received)};
    if (!info_.tls.not_decoded.empty()) {  // what ciphertext begins with tells nobody anything
        record.sent.first_bytes.clear();
        record.received.first_bytes.clear();
    }
    sink_.on_connection(record);
}

}  // namespace sslsniff
