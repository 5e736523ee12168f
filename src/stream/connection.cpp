#include "stream/connection.h"

#include <algorithm>
#include <utility>

#include "base/memory.h"
#include "base/saturating.h"
#include "model/tls_merge.h"

namespace sslsniff {
namespace {

template <class T>
void replace_if_known(T& known, const T& update) {
    if (update != T{}) {
        known = update;
    }
}

/// A stream that has lost its place may take several tries to find it; without an exchange among them it has
/// turned into something else.
constexpr unsigned kMaxStrange = 16;

/// Whether the peers meant the streams to end where they did.
bool is_orderly(CloseReason reason) {
    return reason == CloseReason::shutdown || reason == CloseReason::freed ||
           reason == CloseReason::socket_closed || reason == CloseReason::tls_began;
}

}  // namespace

Connection::Connection(ConnectionInfo info, const StreamLimits& limits, TransactionSink& sink,
                       std::shared_ptr<ProcessCauses> causes)
    : info_(std::move(info)),
      limits_(limits),
      sink_(sink),
      causes_(std::move(causes)),
      search_(limits.max_detection, info_.midstream),
      buffer_(limits.max_detection) {
    measure_info();
    set_silent(info_.carrier == Carrier::tls);
}

Connection::~Connection() {
    set_silent(false);
    forget_requests();
}

/// Once for each event that may change it: offered protocols may be many.
void Connection::measure_info() {
    info_held_ = heap_bytes(info_);
}

void Connection::set_process(std::shared_ptr<const ProcessInfo> process) {
    info_.process = std::move(process);
    ++changes_;
}

void Connection::set_remote_name(std::string name) {
    changes_ += name != info_.remote_name ? 1 : 0;
    info_.remote_name = std::move(name);
    measure_info();
}

void Connection::set_other_end(OtherEnd other) {
    ++changes_;
    info_.other_end = std::move(other);
}

void Connection::set_continues(const ConnectionId& former, std::shared_ptr<const Tunnel> tunnel,
                               std::shared_ptr<const ParserSession> session) {
    ++changes_;
    info_.continues = former;
    info_.tunnel = std::move(tunnel);
    session_ = std::move(session);
    measure_info();
}

std::size_t Connection::held() const {
    std::size_t held = sizeof(*this) + info_held_ + search_.held() + buffer_.held();
    for (const ByteStream& stream : streams_) {
        held += heap_bytes(stream.totals().first_bytes);
    }
    held += tentative_ ? allocated(sizeof(*tentative_)) + tentative_->held() : 0;
    held += callers_.held() + in_progress_ * ProcessCauses::kHeldForEach;
    held += session_for_tls_ ? session_for_tls_->held() : 0;
    return held + (parser_ ? parser_->held() : 0);
}

std::uint64_t Connection::give_up(std::size_t bytes) {
    const std::size_t before = held();
    const std::size_t goal = before - std::min(before, bytes);
    if (!parser_) {
        return search_.drop() ? 1 : 0;
    }
    forget_buffer();  // a parser that rejects later does not come back to it
    const std::uint64_t number = tentative_ && held() > goal ? tentative_->drop() : 0;
    return number + (held() > goal ? parser_->give_up(held() - goal) : 0);
}

void Connection::on_data(const DataEvent& event) {
    const bool goes_on = event.time == called_at_ && event.tid == call_.tid && event.direction == called_for_;
    call_ = {.tid = event.tid, .begins = !goes_on, .waits = event.waits};
    called_at_ = now_ = event.time;
    called_for_ = event.direction;
    if (causes_) {
        note_caller(event);
    }
    const ByteStream::Fresh fresh = stream(event.direction).data(event.position, event.bytes);
    if (fresh.gap) {
        deliver_gap(event.direction, *fresh.gap, event.time);
    }
    if (!fresh.bytes.empty()) {
        deliver(event.direction, fresh.bytes, event.time);
    }
}

void Connection::on_gap(const GapEvent& event) {
    now_ = event.time;
    if (const auto missing = stream(event.direction).gap(event.position, event.bytes)) {
        deliver_gap(event.direction, *missing, event.time);
    }
}

void Connection::on_endpoints(const EndpointsEvent& event) {
    ++changes_;
    info_.endpoints = event.endpoints;
    info_.correlation = event.correlation;
    if (!role_from_traffic_) {
        replace_if_known(info_.role, event.role);
    }
    if (info_.role == Role::client || info_.correlation != Correlation::none) {
        set_silent(false);
    }
}

void Connection::on_tls(const TlsEvent& event) {
    ++changes_;
    merge(info_.tls, event.tls);
    measure_info();
    if (!role_from_traffic_) {
        replace_if_known(info_.role, event.role);
    }
    if (causes_ && info_.role != Role::client && !info_.tls.not_decoded.empty()) {
        causes_->see_all_no_more();
    }
}

void Connection::deliver(Direction direction, ByteView bytes, Timestamp time) {
    fed_at_ = time;
    fed_ = direction;
    if (parser_) {
        parse(direction, bytes, time);
    } else if (!info_.tls.not_decoded.empty() || session_for_tls_) {
        search_.drop(direction, bytes.size());  // ciphertext: whatever it resembles, it is not that
    } else {
        detect(direction, bytes, time);
    }
}

void Connection::deliver_gap(Direction direction, std::uint64_t bytes, Timestamp time) {
    if (causes_ && info_.role != Role::client) {
        causes_->doubt(info_.id);
        if (direction == Direction::received) {
            causes_->see_all_no_more();
        }
    }
    if (!parser_) {
        search_.add_gap(direction, bytes, time);
        return;
    }
    if (replayable_ && !buffer_.add_gap(direction, bytes, time)) {
        forget_buffer();
    }
    parser_->gap(direction, bytes, time);
    switch_parser(time);
}

void Connection::parse(Direction direction, ByteView bytes, Timestamp time) {
    if (replayable_ && !buffer_.add(direction, bytes, time, call_)) {
        forget_buffer();
    }
    switch (parser_->feed(direction, bytes, time)) {
        case ProtocolParser::Status::rejected:
            withdraw(true, time);
            return;
        case ProtocolParser::Status::strange:
            if (tentative_ || ++strange_ > kMaxStrange) {
                withdraw(tentative_ != nullptr, time);
                return;
            }
            break;
        case ProtocolParser::Status::ok:
            break;
    }
    if (tentative_ && tentative_->is_hopeless()) {
        withdraw(true, time);
        return;
    }
    switch_parser(time);
}

void Connection::detect(Direction direction, ByteView bytes, Timestamp time) {
    const Protocol* const forced = find_decode_as(limits_.decode_as, info_.endpoints);
    if (forced != nullptr && !search_.is_refused(*forced)) {
        start(*forced, false, time);
        deliver(direction, bytes, time);
        return;
    }
    if (const auto session = std::exchange(session_, nullptr)) {
        resume(*session, time);
        deliver(direction, bytes, time);
        return;
    }
    const ProtocolSearch::Claim claim = search_.add(direction, bytes, time, call_, info_);
    if (claim.protocol != nullptr) {
        start(*claim.protocol, claim.likely, time);
        deliver(direction, bytes, time);
    }
}

/// From here on there is no way back to other protocols.
void Connection::forget_buffer() {
    replayable_ = false;
    buffer_.clear();
}

void Connection::start(const Protocol& protocol, bool likely, Timestamp time) {
    parser_ = protocol.create(*this, limits_.parser);
    protocol_ = protocol.name;
    ++changes_;
    row_ = &protocol;
    tentative_ = likely ? std::make_unique<TentativeExchanges>(info_.role, role_from_traffic_) : nullptr;
    begin_parsing(time);
}

/// The protocol was spoken already, before TLS.
void Connection::resume(const ParserSession& session, Timestamp time) {
    parser_ = session.resume(*this, limits_.parser);
    row_ = nullptr;
    begin_parsing(time);
}

/// Gives the parser what was kept.
void Connection::begin_parsing(Timestamp time) {
    strange_ = 0;
    const DetectionBuffer buffer = search_.take();
    for (const Direction direction : {Direction::sent, Direction::received}) {
        if (search_.joined() || search_.dropped(direction) != 0) {
            parser_->gap(direction, search_.dropped(direction), time);
        }
    }
    replay(buffer);
}

void Connection::replay(const DetectionBuffer& buffer) {
    const Call present = call_;
    for (const auto& entry : buffer.entries()) {
        if (entry.gap) {
            deliver_gap(entry.direction, *entry.gap, entry.time);
        } else {
            call_ = entry.call;
            deliver(entry.direction, buffer.bytes(entry), entry.time);
        }
    }
    call_ = present;
}

/// The protocol was a wrong guess, or is over. `refused`: nothing that it made of it was shown. The others
/// get what it had, as far as that is still there.
void Connection::withdraw(bool refused, Timestamp time) {
    if (!refused) {
        parser_->finish(time);
    }
    const std::unique_ptr<ProtocolParser> parser = std::exchange(parser_, nullptr);
    drop_tentative();
    forget_requests();
    switching_ = false;
    protocol_.clear();
    ++changes_;
    const bool again = row_ != nullptr && refused && replayable_;
    if (row_ != nullptr) {
        search_.refuse(*row_, again);
    }
    const DetectionBuffer buffer = std::exchange(buffer_, DetectionBuffer(limits_.max_detection));
    replayable_ = true;
    if (again) {
        replay(buffer);
        return;
    }
    for (const Direction direction : {Direction::sent, Direction::received}) {
        search_.drop(direction, totals(direction).bytes - search_.dropped(direction));
    }
}

/// Nothing has shown that the protocol is right.
void Connection::drop_tentative() {
    if (const auto tentative = std::exchange(tentative_, nullptr)) {
        info_.role = tentative->role();
        role_from_traffic_ = tentative->role_from_traffic();
        protocol_.clear();
        ++changes_;
    }
}

void Connection::emit(Timing timing, Integrity integrity, std::unique_ptr<Exchange> exchange) {
    if (integrity.complete || TentativeExchanges::agrees(timing)) {
        strange_ = 0;
    }
    if (tentative_) {
        if (tentative_->add({timing, std::move(integrity), std::move(exchange)})) {
            show_tentative();
        }
        return;
    }
    forget_buffer();  // it was the right protocol
    if (protocol_ != exchange->protocol()) {
        protocol_ = exchange->protocol();
        ++changes_;
    }
    ++transactions_;
    Transaction transaction{info_, timing, std::move(integrity), std::move(exchange)};
    transaction.number = transaction.exchange->request_number();
    if (transaction.number == 0) {
        transaction.number = ++requests_;
    }
    if (causes_) {
        note_cause(transaction);
    }
    sink_.on_transaction(transaction);
}

/// The protocol is right: shows what was kept.
void Connection::show_tentative() {
    const std::unique_ptr<TentativeExchanges> tentative = std::exchange(tentative_, nullptr);
    ++changes_;
    for (TentativeExchanges::Held& held : tentative->take()) {
        emit(held.timing, std::move(held.integrity), std::move(held.exchange));
    }
}

void Connection::set_role(Role role) {
    role_from_traffic_ = true;
    changes_ += role != info_.role ? 1 : 0;
    info_.role = role;
}

void Connection::set_tunnel(Tunnel tunnel) {
    if (info_.tunnel && tunnel.client.address.family == IpAddress::Family::none) {
        tunnel.client = info_.tunnel->client;  // CONNECT behind a PROXY header
    }
    ++changes_;
    info_.tunnel = std::make_shared<const Tunnel>(std::move(tunnel));
    measure_info();
}

ByteView Connection::not_understood(Direction direction) const {
    const ByteView first = totals(direction).first_bytes;
    return switched_ || search_.joined() ? ByteView() : first.substr(0, search_.dropped(direction));
}

void Connection::become(std::unique_ptr<ProtocolParser> parser, ByteView rest_sent, ByteView rest_received) {
    switching_ = true;
    successor_ = std::move(parser);
    rest_sent_ = rest_sent;
    rest_received_ = rest_received;
}

void Connection::begin_tls(std::shared_ptr<const ParserSession> session, ByteView rest_sent,
                           ByteView rest_received) {
    session_for_tls_ = std::move(session);
    become(nullptr, rest_sent, rest_received);
}

void Connection::wake(Timestamp now) {
    if (parser_) {
        parser_->wake(now);
        switch_parser(now);
    }
}

void Connection::switch_parser(Timestamp time) {
    if (!switching_) {
        return;
    }
    switching_ = false;
    switched_ = true;
    search_.begin(false);
    buffer_.clear();
    parser_ = std::move(successor_);
    row_ = nullptr;
    replayable_ = !parser_;
    const Bytes sent = std::exchange(rest_sent_, {});
    const Bytes received = std::exchange(rest_received_, {});
    call_.begins = false;
    if (!sent.empty()) {
        deliver(Direction::sent, sent, time);
    }
    if (!received.empty()) {
        deliver(Direction::received, received, time);
    }
}

void Connection::close(CloseReason reason, Timestamp time) {
    now_ = time;
    if (parser_ && is_orderly(reason)) {
        parser_->end_of_stream(Direction::sent, time);
        parser_->end_of_stream(Direction::received, time);
    }
    if (parser_) {
        parser_->finish(time);
    }
    drop_tentative();
    forget_requests();
    ConnectionRecord record{
        info_, time, reason, protocol_, transactions_, totals(Direction::sent), totals(Direction::received)};
    if (!info_.tls.not_decoded.empty()) {  // what ciphertext begins with tells nobody anything
        record.sent.first_bytes.clear();
        record.received.first_bytes.clear();
    }
    sink_.on_connection(record);
}

}  // namespace sslsniff
