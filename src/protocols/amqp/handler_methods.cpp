#include <algorithm>
#include <utility>

#include "protocols/amqp/describe.h"
#include "protocols/amqp/handler.h"

namespace sslsniff::amqp {
namespace {

using framed::Side;

constexpr std::string_view kNotWanted = "(no response wanted)";
constexpr std::string_view kNotSeen = "request not seen";
constexpr std::string_view kMalformed = "malformed method";
constexpr std::size_t kMostConsumers = 1024;

void set_error(Facts& facts, Outcome outcome, std::string type) {
    if (outcome != Outcome::ok) {
        facts.outcome = outcome;
        facts.error_type = std::move(type);
    }
}

Acks acks_of(const Arguments& arguments) {
    return arguments.is_set("no_ack") ? Acks::never : Acks::yes;
}

/// How a peer took a message: confirmations are the server's, acknowledgements the client's.
void set_outcome(Facts& facts, const Method& method) {
    if (method.id() != MethodId::basic_ack) {
        set_error(facts,
                  method.id() == MethodId::basic_nack && facts.operation == "basic.publish"
                      ? Outcome::server_error
                      : Outcome::client_error,
                  std::string(method.name));
    }
}

}  // namespace

bool AmqpHandler::on_method(const Frame& frame) {
    ByteReader reader(frame.payload);
    const auto class_id = reader.be<std::uint16_t>();
    const Method* const found = find_method(class_id, reader.be<std::uint16_t>());
    if (found == nullptr) {
        return false;
    }
    const Method& method = *found;
    const Arguments arguments(method, reader);
    Channel& here = channel(frame.header.channel);
    if (here.content(frame.side)) {
        here.content(frame.side)->flow.damage("content unfinished");
        end_content(here, frame.side, "content unfinished");
    }
    Flow flow = begin_flow("amqp", frame.side, frame.message);
    if (!arguments.good()) {
        flow.damage(frame.damage.empty() ? kMalformed : frame.damage);
    }
    write_method(method, frame.header.channel, arguments, limits_.show_secrets, flow.fields(frame.side));
    flow.line(frame.side) = line_of(method, arguments);
    flow.exchange->said.operation = method.name;
    flow.exchange->said.target = target_of(method, arguments);
    const bool good = arguments.good() || !frame.damage.empty();
    switch (method.id()) {
        case MethodId::basic_ack:
        case MethodId::basic_nack:
        case MethodId::basic_reject:
            return on_acknowledgement(frame, method, arguments, std::move(flow)) && good;
        case MethodId::basic_publish:
        case MethodId::basic_deliver:
        case MethodId::basic_return:
            begin_content(frame, method, arguments, std::move(flow));
            return good;
        default:
            break;
    }
    learn(frame, method, arguments);
    const bool expected = method.id() == MethodId::connection_start || is_answer(method)
                              ? on_answer(frame, method, arguments, std::move(flow))
                              : on_call(frame, method, arguments, std::move(flow));
    return expected && good;
}

/// What later methods depend on.
void AmqpHandler::learn(const Frame& frame, const Method& method, const Arguments& arguments) {
    Channel& here = channel(frame.header.channel);
    switch (method.id()) {
        case MethodId::channel_open:
            flush(here, "channel opened anew");
            here = {};
            here.confirms = Channel::Confirms::off;
            break;
        case MethodId::confirm_select:
            if (here.confirms != Channel::Confirms::on) {
                here.confirms = Channel::Confirms::on;
                here.next_publish = 1;
            }
            break;
        case MethodId::queue_declare_ok:
            here.last_queue = arguments.text("queue");
            break;
        case MethodId::basic_consume: {
            const ByteView queue = arguments.text("queue");
            if (consumed_.size() < kMostConsumers) {
                consumed_.emplace(queue.empty() ? ByteView(here.last_queue) : queue);
            }
            // Where there is none, the server's answer has one.
            if (const ByteView tag = arguments.text("consumer_tag");
                !tag.empty() && here.consumers.size() < kMostConsumers) {
                here.consumers[std::string(tag)] = acks_of(arguments);
            }
            break;
        }
        default:
            break;
    }
}

/// A method that nothing preceded.
bool AmqpHandler::on_call(const Frame& frame, const Method& method, const Arguments& arguments, Flow flow) {
    Channel& here = channel(frame.header.channel);
    if (method.id() == MethodId::connection_close || method.id() == MethodId::channel_close) {
        on_close(frame, method, arguments, flow);
    }
    if (method.answer == 0 || arguments.is_set("no_wait")) {
        flow.line(opposite(frame.side)) = frame.side == Side::client ? kNotWanted : "";
        emit(std::move(flow), frame.damage);
        return true;
    }
    if (!frame.damage.empty()) {
        flow.damage(frame.damage);
    }
    const bool consumes = method.id() == MethodId::basic_consume;
    wait(here, here.calls
                   .emplace_back(&method, std::move(flow), consumes ? acks_of(arguments) : Acks::unknown,
                                 std::string(consumes ? arguments.text("consumer_tag") : ByteView{}))
                   .flow);
    return true;
}

/// What closes a channel or a connection says which method is to blame: that one is answered by it.
void AmqpHandler::on_close(const Frame& frame, const Method& method, const Arguments& arguments,
                           const Flow& close) {
    const std::uint64_t code = arguments.number("reply_code");
    set_error(close.exchange->said, outcome_of(code), std::to_string(code));
    if (frame.side == Side::client) {
        return;
    }
    const bool any = method.id() == MethodId::connection_close;
    Channel& here = channel(frame.header.channel);
    const auto blamed = std::ranges::find_if(here.calls, [&](const Call& call) {
        return call.flow.from == Side::client &&
               (any || (call.method != nullptr && call.method->class_id == arguments.number("class_id") &&
                        call.method->method_id == arguments.number("method_id")));
    });
    if (blamed == here.calls.end()) {
        return;
    }
    Flow flow = taken(std::move(blamed->flow));
    here.calls.erase(blamed);
    answer_flow(flow, frame.side, frame.message);
    write_method(method, frame.header.channel, arguments, limits_.show_secrets, flow.fields(frame.side));
    flow.line(frame.side) = close.exchange->response_line;
    set_error(flow.exchange->said, outcome_of(code), std::to_string(code));
    emit(std::move(flow));
}

bool AmqpHandler::on_answer(const Frame& frame, const Method& method, const Arguments& arguments, Flow flow) {
    const Side side = frame.side;
    Channel& here = channel(frame.header.channel);
    const bool is_start = method.id() == MethodId::connection_start;
    const auto asked = std::ranges::find_if(here.calls, [&](const Call& call) {
        const bool is_other_consumer =
            !call.consumer_tag.empty() && call.consumer_tag != arguments.text("consumer_tag");
        return call.method == nullptr
                   ? is_start
                   : call.flow.from != side && call.method->is_answered_by(method) && !is_other_consumer;
    });
    const bool known = asked != here.calls.end();
    Flow whole;
    if (known) {
        whole = taken(std::move(asked->flow));
        if (method.id() == MethodId::basic_consume_ok && whole.reason.empty() &&
            here.consumers.size() < kMostConsumers) {
            here.consumers[std::string(arguments.text("consumer_tag"))] = asked->acks;
        }
        here.calls.erase(asked);
        answer_flow(whole, side, frame.message);
        whole.fields(side) = std::move(flow.fields(side));
        whole.line(side) = std::move(flow.line(side));
        whole.damage(flow.reason);
    } else {
        whole = std::move(flow);
        whole.from = opposite(side);
        whole.exchange->towards_client = whole.from == Side::server;
        whole.joined = joined_;
        whole.damage(kNotSeen);
    }
    if (!frame.damage.empty()) {
        whole.damage(frame.damage);
    }
    if (method.has_content) {
        begin_content(frame, method, arguments, std::move(whole));
    } else {
        emit(std::move(whole));
    }
    if (method.id() == MethodId::channel_close_ok) {
        flush(here, "channel closed");
        here = {};
    }
    return known || !is_certain();
}

bool AmqpHandler::on_acknowledgement(const Frame& frame, const Method& method, const Arguments& arguments,
                                     Flow flow) {
    const bool found = frame.side == Side::client ? acknowledge(frame, method, arguments, flow)
                                                  : confirm(frame, method, arguments, flow);
    if (!found) {
        flow.line(opposite(frame.side)) = frame.side == Side::client ? kNotWanted : "";
        if (!frame.damage.empty()) {
            flow.damage(frame.damage);
        }
        emit(std::move(flow));
    }
    return true;
}

/// Deliveries, by the client. False when what it acknowledges does not wait.
bool AmqpHandler::acknowledge(const Frame& frame, const Method& method, const Arguments& arguments,
                              Flow& ack) {
    Channel& here = channel(frame.header.channel);
    const std::uint64_t tag = arguments.number("delivery_tag");
    const bool multiple = arguments.is_set("multiple");
    if (const auto undecided = here.undecided.find(tag); undecided != here.undecided.end()) {
        if (here.consumers.size() < kMostConsumers) {
            here.consumers[undecided->second] = Acks::yes;
        }
        here.undecided.clear();
    }
    auto first = multiple ? here.deliveries.begin() : here.deliveries.find(tag);
    const auto last = !multiple || tag != 0 ? here.deliveries.upper_bound(tag) : here.deliveries.end();
    const bool found = first != last && first != here.deliveries.end();
    while (found && first != last) {
        Flow flow = taken(std::move(first->second));
        first = here.deliveries.erase(first);
        answer_flow(flow, frame.side, frame.message);
        write_method(method, frame.header.channel, arguments, limits_.show_secrets, flow.fields(frame.side));
        flow.line(frame.side) = ack.line(frame.side);
        flow.damage(ack.reason);
        set_outcome(flow.exchange->said, method);
        emit(std::move(flow));
    }
    return found;
}

/// Publications, by the server.
bool AmqpHandler::confirm(const Frame& frame, const Method& method, const Arguments& arguments, Flow& ack) {
    Channel& here = channel(frame.header.channel);
    const std::uint64_t tag = arguments.number("delivery_tag");
    const bool multiple = arguments.is_set("multiple");
    if (here.confirms == Channel::Confirms::unknown) {
        here.confirms = Channel::Confirms::on;
    }
    auto first = multiple ? here.published.begin() : here.published.find(tag);
    const auto last = !multiple || tag != 0 ? here.published.upper_bound(tag) : here.published.end();
    const bool found = first != last && first != here.published.end();
    while (found && first != last) {
        Publication publication = std::move(first->second);
        first = here.published.erase(first);
        Flow flow = taken(std::move(publication.flow));
        if (!flow.exchange) {
            if (const auto call = calls_.find(publication.correlation_id); call != calls_.end()) {
                call->second.flow.exchange->common.text("confirmation", method.name);
            }
            continue;
        }
        answer_flow(flow, frame.side, frame.message);
        write_method(method, frame.header.channel, arguments, limits_.show_secrets, flow.fields(frame.side));
        flow.line(frame.side) = ack.line(frame.side);
        flow.damage(ack.reason);
        set_outcome(flow.exchange->said, method);
        emit(std::move(flow));
    }
    return found;
}

}  // namespace sslsniff::amqp
