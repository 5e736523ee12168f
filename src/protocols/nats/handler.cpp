#include "protocols/nats/handler.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/memory.h"
#include "protocols/fresh_session.h"
#include "protocols/nats/framing.h"
#include "protocols/nats/json.h"
#include "protocols/nats/nats.h"

namespace sslsniff::nats {
namespace {

using framed::Side;

constexpr std::string_view kNoReply = "no reply";
constexpr std::string_view kNoResponse = "no response";
constexpr std::string_view kNotSeen = "request not seen";
constexpr std::string_view kNotWanted = "(no response wanted)";
/// Of things that are remembered until it is known what they mean.
constexpr std::size_t kMostRemembered = 64;
constexpr std::size_t kMostAnswering = 1024;
constexpr std::size_t kRemembered = 256;  // bytes of memory for each

bool any(const Flow& /*flow*/) {
    return true;
}

/// Who gets a message, for NatsHandler::answering_: a consumer, or the number of a subscription.
std::string receiver_of(const ControlLine& line) {
    const auto ack = read_ack_subject(line.reply_to);
    return ack ? fmt::format("{}.{}", ack->stream, ack->consumer) : std::string(line.sid);
}

void remember(std::map<std::string, std::string, std::less<>>& in, ByteView key, ByteView value) {
    if (in.size() >= kMostRemembered) {
        in.erase(in.begin());
    }
    in.insert_or_assign(std::string(key), std::string(value));
}

}  // namespace

NatsHandler::NatsHandler(ParserHost& host, const ParserLimits& limits)
    : host_(host),
      limits_(limits),
      unconfirmed_(host, limits.max_pending),
      pings_{OrderedFlows(host, limits.max_pending), OrderedFlows(host, limits.max_pending)} {}

void NatsHandler::on_joined() {
    joined_ = true;
    verbose_ = Verbose::unknown;
    for (OrderedFlows* const flows : {&unconfirmed_, &pings_[0], &pings_[1]}) {
        flows->doubt();
    }
}

framed::MessageHandler::Next NatsHandler::on_message(Side side, const framed::Message& message) {
    if (side == Side::client && is_tls(message.bytes)) {
        return Next::tls;
    }
    return handle(side, message, message.missing > 0 ? framed::kGap : std::string_view{});
}

framed::MessageHandler::Next NatsHandler::handle(Side side, const framed::Message& message,
                                                 std::string_view damage) {
    const auto line = read_line(side, message.bytes.substr(0, kMostJson));
    if (!line) {
        return Next::strange;
    }
    Said said{side, message, *line, damage};
    const bool ended = !message.is_whole() || !line->has_payload() || message.bytes.ends_with(kLineEnd);
    Flow flow = describe(said);
    const bool is_first = !std::exchange(began_, true) && !joined_;
    switch (line->operation) {
        case Operation::info: {
            const Members members = read_members(line->text);
            emit_flow(host_, std::move(flow));
            const bool is_tls_next = is_first && members.tls_required && !members.tls_available &&
                                     host_.connection().carrier == Carrier::cleartext;
            return is_tls_next ? Next::tls : Next::go_on;
        }
        case Operation::connect:
            on_connect(said, std::move(flow));
            break;
        case Operation::pub:
        case Operation::hpub:
            on_publish(said, std::move(flow));
            break;
        case Operation::sub:
            subscriptions_.add(line->sid, line->subject);
            end_operation(said, std::move(flow));
            break;
        case Operation::unsub:
            if (!line->max_messages || *line->max_messages == 0) {
                subscriptions_.remove(line->sid);
            }
            end_operation(said, std::move(flow));
            break;
        case Operation::msg:
        case Operation::hmsg:
            on_delivery(said, std::move(flow));
            break;
        case Operation::ping:
            pings(side).wait(std::move(flow), message.end);
            break;
        case Operation::pong:
            on_pong(said, std::move(flow));
            break;
        case Operation::ok:
            on_ok(said, std::move(flow));
            break;
        case Operation::err:
            on_error(said, std::move(flow));
            break;
    }
    const bool good = ended && (said.headers.good || !damage.empty());
    return good ? Next::go_on : Next::strange;
}

/// Whether it is answered is known when the server says the next thing.
void NatsHandler::on_connect(const Said& said, Flow flow) {
    release_connect({});
    verbose_ = read_members(said.line.text).verbose ? Verbose::yes : Verbose::no;
    if (verbose_ == Verbose::yes) {
        unconfirmed_.wait(std::move(flow), said.message.end);
    } else {
        connect_ = std::move(flow);
    }
}

void NatsHandler::release_connect(std::string_view unanswered) {
    if (connect_) {
        connect_->exchange->response_line = unanswered.empty() ? kNotWanted : std::string_view{};
        emit_flow(host_, *std::exchange(connect_, std::nullopt), unanswered);
    }
}

/// An operation that only verbose mode answers. `is_shown`: it is not a part of another exchange.
void NatsHandler::end_operation(const Said& said, Flow flow, bool is_shown) {
    if (verbose_ == Verbose::yes) {
        unconfirmed_.wait(is_shown ? std::move(flow) : Flow{}, said.message.end);
    } else if (is_shown) {
        flow.exchange->response_line = verbose_ == Verbose::no ? kNotWanted : "(verbose mode not seen)";
        emit_flow(host_, std::move(flow));
    }
}

void NatsHandler::on_publish(const Said& said, Flow flow) {
    const ByteView reply_to = said.line.reply_to;
    if (answer_delivery(said, flow)) {
        end_operation(said, {}, false);
        return;
    }
    // What a consumer is asked for comes as messages of their own subjects.
    const bool is_pull = said.line.subject.starts_with("$JS.API.CONSUMER.MSG.NEXT.");
    if (!reply_to.empty() && !is_pull && subscriptions_.cover(reply_to)) {
        keep(requests_, std::string(reply_to), std::move(flow));
        end_operation(said, {}, false);
        return;
    }
    if (!reply_to.empty() && !is_pull && joined_) {
        if (inboxes_.size() >= kMostRemembered) {
            inboxes_.erase(inboxes_.begin());
        }
        inboxes_.emplace(reply_to);
    }
    end_operation(said, std::move(flow));
}

/// What a client publishes to the subject that a message gave for replies answers that message.
bool NatsHandler::answer_delivery(const Said& said, Flow& publication) {
    const std::string subject(said.line.subject);
    if (const auto undecided = undecided_.find(subject); undecided != undecided_.end()) {
        if (answering_.size() < kMostAnswering) {
            answering_.insert_or_assign(undecided->second, Answers::yes);
        }
        undecided_.erase(undecided);
        return false;
    }
    if (said.payload == "+WPI") {
        return false;  // it is working on it, and will answer later
    }
    auto delivery = deliveries_.take(subject, any);
    if (!delivery) {
        return false;
    }
    answer_flow(*delivery, said.side, said.message);
    DescribedExchange& exchange = *delivery->exchange;
    exchange.request = std::move(publication.exchange->request);
    exchange.request_line = std::move(publication.exchange->request_line);
    exchange.said.request_bytes = publication.exchange->said.request_bytes;
    delivery->damage(publication.reason);
    const bool refused = said.payload.starts_with("-NAK") || said.payload.starts_with("+TERM");
    if (read_ack_subject(subject) && refused) {
        exchange.said.outcome = Outcome::client_error;
        exchange.said.error_type = said.payload.substr(0, said.payload.find(' '));
    }
    emit_flow(host_, *std::move(delivery));
    return true;
}

void NatsHandler::on_delivery(const Said& said, Flow flow) {
    const std::string subject(said.line.subject);
    release_connect({});
    if (auto request = requests_.take(subject, any)) {
        answer_request(said, *std::move(request), std::move(flow));
        return;
    }
    learn_inbox(subject);
    const ByteView reply_to = said.line.reply_to;
    const Answers answered = reply_to.empty() ? Answers::no : answers(said.line);
    if (answered == Answers::yes) {
        keep(deliveries_, std::string(reply_to), std::move(flow));
        return;
    }
    if (answered == Answers::unknown) {
        remember(undecided_, reply_to, receiver_of(said.line));
    }
    emit_flow(host_, std::move(flow));
}

NatsHandler::Answers NatsHandler::answers(const ControlLine& line) const {
    const auto found = answering_.find(receiver_of(line));
    return found != answering_.end() ? found->second : Answers::unknown;
}

/// Of a consumer that one message acknowledges for all before, those are not waited for.
void NatsHandler::learn_consumer(const JetStreamReply& reply) {
    if (!reply.ack_policy.empty() && answering_.size() < kMostAnswering) {
        answering_.insert_or_assign(fmt::format("{}.{}", reply.stream, reply.consumer),
                                    reply.ack_policy == "explicit" ? Answers::yes : Answers::no);
    }
}

/// Where the subscription passed unseen: what a request gave for replies is one that is subscribed to.
void NatsHandler::learn_inbox(ByteView subject) {
    const auto found = inboxes_.find(subject);
    if (found == inboxes_.end()) {
        return;
    }
    inboxes_.erase(found);
    const std::size_t dot = subject.rfind('.');
    const std::string pattern =
        dot == ByteView::npos ? std::string(subject) : std::string(subject.substr(0, dot)) + ".*";
    subscriptions_.add("<unknown> " + pattern, pattern);
}

void NatsHandler::answer_request(const Said& said, Flow request, Flow reply) {
    answer_flow(request, said.side, said.message);
    DescribedExchange& exchange = *request.exchange;
    DescribedExchange& answer = *reply.exchange;
    exchange.response = std::move(answer.response);
    exchange.response_line = std::move(answer.response_line);
    exchange.said.response_bytes = answer.said.response_bytes;
    exchange.said.outcome = answer.said.outcome;
    exchange.said.error_type = std::move(answer.said.error_type);
    request.damage(reply.reason);
    emit_flow(host_, std::move(request));
}

void NatsHandler::on_pong(const Said& said, Flow flow) {
    release_connect({});
    auto ping = pings(opposite(said.side)).answer(said.message.end);
    if (!ping) {
        flow.joined = joined_;
        flow.from = opposite(said.side);
        flow.exchange->towards_client = flow.from == Side::server;
        flow.damage(kNotSeen);
        emit_flow(host_, std::move(flow));
        return;
    }
    answer_flow(*ping, said.side, said.message);
    ping->line(said.side) = std::move(flow.line(said.side));
    ping->fields(said.side) = std::move(flow.fields(said.side));
    emit_flow(host_, *std::move(ping));
}

void NatsHandler::on_ok(const Said& said, Flow flow) {
    if (verbose_ == Verbose::unknown) {
        verbose_ = Verbose::yes;
    }
    auto asked = unconfirmed_.answer(said.message.end);
    if (!asked) {
        flow.joined = joined_;
        flow.damage(kNotSeen);
        emit_flow(host_, std::move(flow));
    } else if (asked->exchange) {
        answer_flow(*asked, said.side, said.message);
        asked->line(said.side) = std::move(flow.line(said.side));
        asked->fields(said.side) = std::move(flow.fields(said.side));
        emit_flow(host_, *std::move(asked));
    }
}

void NatsHandler::on_error(const Said& said, Flow flow) {
    std::optional<Flow> asked;
    if (connect_) {
        asked = std::exchange(connect_, std::nullopt);
    } else if (!unconfirmed_.empty()) {
        asked = unconfirmed_.answer(said.message.end);
    }
    if (!asked || !asked->exchange) {
        emit_flow(host_, std::move(flow));
        return;
    }
    answer_request(said, *std::move(asked), std::move(flow));
}

void NatsHandler::keep(Waiting& waiting, const std::string& id, Flow flow) {
    // A subject that is used again: what had it before is not answered any more.
    if (auto former = waiting.take(id, any)) {
        emit_flow(host_, *std::move(former), kNoReply);
    }
    const std::size_t bytes = flow.exchange->held() + 2 * id.size();
    waiting.add(id, std::move(flow), bytes);
    if (waiting.size() > limits_.max_pending) {
        emit_oldest(waiting, "too many wait for a reply");
    }
}

void NatsHandler::emit_oldest(Waiting& waiting, std::string_view reason) {
    if (auto flow = waiting.take_oldest()) {
        emit_flow(host_, *std::move(flow), reason);
    }
}

void NatsHandler::on_loss(Side side, const framed::Message* cut, std::string_view reason,
                          Timestamp /*time*/) {
    joined_ = joined_ || side == Side::client;
    if (cut != nullptr && cut->size > 0) {
        handle(side, *cut, reason);
    }
    if (side == Side::server) {
        release_connect(reason);
    }
    unconfirmed_.lose(reason);
    for (OrderedFlows& pings : pings_) {
        pings.lose(reason);
    }
    for (Waiting* const waiting : {&requests_, &deliveries_}) {
        waiting->each([&](Flow& flow) { flow.damage(reason); });
    }
}

void NatsHandler::finish(Timestamp /*time*/) {
    release_connect({});
    unconfirmed_.flush(kNoResponse);
    for (OrderedFlows& pings : pings_) {
        pings.flush(kNoResponse);
    }
    for (Waiting* const waiting : {&requests_, &deliveries_}) {
        while (!waiting->empty()) {
            emit_oldest(*waiting, kNoReply);
        }
    }
}

std::shared_ptr<const ParserSession> NatsHandler::session() const {
    return std::make_shared<FreshSession>(create_nats);
}

std::size_t NatsHandler::held() const {
    return allocated(sizeof(*this)) + (connect_ ? connect_->exchange->held() : 0) + unconfirmed_.held() +
           pings_[0].held() + pings_[1].held() + requests_.held() + deliveries_.held() +
           subscriptions_.held() + (undecided_.size() + answering_.size() + inboxes_.size()) * kRemembered;
}

std::uint64_t NatsHandler::give_up(std::size_t bytes) {
    const std::size_t before = held();
    const auto enough = [&] { return held() + bytes <= before; };
    std::uint64_t number = 0;
    for (Waiting* const waiting : {&requests_, &deliveries_}) {
        for (; !enough() && !waiting->empty(); ++number) {
            emit_oldest(*waiting, kNoLongerKept);
        }
    }
    for (OrderedFlows* const flows : {&unconfirmed_, &pings_[0], &pings_[1]}) {
        while (!enough() && flows->flush_oldest(kNoLongerKept)) {
            flows->doubt();
            ++number;
        }
    }
    return number;
}

}  // namespace sslsniff::nats
