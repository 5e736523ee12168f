#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "protocols/amqp/describe.h"
#include "protocols/amqp/handler.h"

namespace sslsniff::amqp {
namespace {

using framed::Side;

constexpr std::string_view kNotWanted = "(no response wanted)";
constexpr std::string_view kConfirmsNotSeen = "(confirm mode not seen)";
constexpr std::string_view kConsumerNotSeen = "(consumer not seen)";
constexpr std::string_view kMethodNotSeen = "method not seen";
constexpr std::string_view kMalformed = "malformed content header";
/// Deliveries and requests that are remembered for what may come.
constexpr std::size_t kMostUndecided = 64;
constexpr std::size_t kMostRequests = 256;
constexpr std::size_t kMostCalls = 1024;

/// Its method passed unseen: clients only publish, and servers mostly deliver.
Flow begin_unseen(const framed::Message& message, Side side, std::uint16_t channel) {
    Flow flow = begin_flow("amqp", side, message);
    flow.fields(side).text("method", kUnknown);
    flow.fields(side).number("channel_number", channel);
    flow.line(side) = fmt::format("{} content", kUnknown);
    flow.exchange->said.operation = kUnknown;
    flow.damage(kMethodNotSeen);
    return flow;
}

/// Whether what is routed by `key` comes to `reply_to`: a queue's name, or that of Direct Reply-to
/// (https://www.rabbitmq.com/docs/direct-reply-to), to which the server adds what tells channels apart.
bool is_sent_to(ByteView reply_to, ByteView key) {
    constexpr ByteView kDirect = "amq.rabbitmq.reply-to";
    return reply_to == key || (reply_to == kDirect && key.starts_with(kDirect));
}

}  // namespace

void AmqpHandler::begin_content(const Frame& frame, const Method& method, const Arguments& arguments,
                                Flow flow) {
    Channel& here = channel(frame.header.channel);
    Content content{.flow = std::move(flow), .method = &method};
    if (!frame.damage.empty()) {
        content.flow.damage(frame.damage);
    }
    switch (method.id()) {
        case MethodId::basic_publish:
            content.number = here.next_publish;
            here.next_publish += here.next_publish > 0 ? 1 : 0;
            content.routing_key = arguments.text("routing_key");
            break;
        case MethodId::basic_deliver:
            content.number = arguments.number("delivery_tag");
            content.consumer_tag = arguments.text("consumer_tag");
            content.routing_key = arguments.text("routing_key");
            break;
        default:
            break;
    }
    total_.measure(content, content.heap());
    here.content(frame.side) = std::move(content);
}

bool AmqpHandler::on_header(const Frame& frame) {
    Channel& here = channel(frame.header.channel);
    std::optional<Content>& content = here.content(frame.side);
    const bool expected = content && !content->has_header;
    if (content && content->has_header) {
        content->flow.damage("content unfinished");
        end_content(here, frame.side, "content unfinished");
    }
    if (!content) {
        content = Content{.flow = begin_unseen(frame.message, frame.side, frame.header.channel)};
        content->flow.joined = joined_;
    }
    ByteReader reader(frame.payload);
    reader.bytes(kMethodIds);
    content->left = reader.be<std::uint64_t>();
    content->has_header = true;
    content->flow.fields(frame.side).number("body_size_bytes", content->left);
    const Properties properties = write_properties(reader, content->flow.fields(frame.side));
    content->correlation_id = properties.correlation_id;
    content->reply_to = properties.reply_to;
    content->body.content_type = properties.content_type;
    content->body.content_encoding = properties.content_encoding;
    if (!properties.good) {
        content->flow.damage(frame.damage.empty() ? kMalformed : frame.damage);
    }
    // What answers ends with it; what begins goes on.
    content->flow.from == frame.side ? continue_flow(content->flow, frame.message)
                                     : answer_flow(content->flow, frame.side, frame.message);
    total_.measure(*content, content->heap());
    if (content->left == 0) {
        end_content(here, frame.side, {});
    }
    return (expected || !is_certain()) && (properties.good || !frame.damage.empty());
}

bool AmqpHandler::on_body(const Frame& frame) {
    Channel& here = channel(frame.header.channel);
    std::optional<Content>& content = here.content(frame.side);
    if (!content || !content->has_header) {
        return !is_certain();  // of a message whose beginning passed unseen
    }
    Body& body = content->body;
    append(body, frame.payload, limits_.max_body);
    const std::uint64_t size = frame.header.size;
    body.missing += frame.message.missing;
    // Of one that does not end, it is not known whether the rest passed.
    body.size += frame.damage.empty() || frame.message.missing > 0 ? size - frame.payload.size() : 0;
    const bool fits = size <= content->left;
    content->left -= std::min(size, content->left);
    content->flow.from == frame.side ? continue_flow(content->flow, frame.message)
                                     : answer_flow(content->flow, frame.side, frame.message);
    if (!fits) {
        content->flow.damage("more bytes than announced");
    }
    total_.measure(*content, content->heap());
    if (content->left == 0 && frame.damage != framed::kUnfinished) {
        end_content(here, frame.side, {});
    }
    return fits;
}

/// `unfinished`: why there is no more of it; empty: it is all there.
void AmqpHandler::end_content(Channel& channel, Side side, std::string_view unfinished) {
    std::optional<Content>& place = channel.content(side);
    if (!place) {
        return;
    }
    Content content = *std::exchange(place, std::nullopt);
    total_.leave(content);
    content.flow.damage(unfinished);
    DescribedExchange& exchange = *content.flow.exchange;
    (side == Side::client ? exchange.said.request_bytes : exchange.said.response_bytes) = content.body.size;
    if (content.has_header) {
        content.flow.fields(side).body("payload", content.body);
    }
    const MethodId method = content.method != nullptr ? content.method->id() : MethodId{};
    if (method == MethodId::basic_publish) {
        end_publication(channel, std::move(content));
    } else if (method == MethodId::basic_deliver) {
        end_delivery(channel, std::move(content));
    } else if (method == MethodId::basic_return) {
        end_return(channel, std::move(content));
    } else {
        emit(std::move(content.flow));
    }
}

void AmqpHandler::end_publication(Channel& channel, Content content) {
    note_reply(content);
    const std::uint64_t number = content.number;
    Publication publication{.flow = std::move(content.flow), .route = {}, .correlation_id = {}};
    publication.route = publication.flow.exchange->said.target;
    // A call, if the reply can come here.
    if (!content.correlation_id.empty() && consumed_.contains(content.reply_to) &&
        calls_.size() < kMostCalls && !calls_.contains(content.correlation_id)) {
        Request& call = calls_[content.correlation_id];
        call = {std::exchange(publication.flow, {}), content.reply_to};
        total_.measure(call.flow, call.flow.exchange->held());
        publication.correlation_id = content.correlation_id;
    }
    if (channel.confirms == Channel::Confirms::on && number != 0) {
        Publication& place = channel.published[number];
        place = std::move(publication);
        wait(channel, place.flow);
    } else if (publication.flow.exchange) {
        const bool known = channel.confirms == Channel::Confirms::off;
        publication.flow.exchange->response_line = known ? kNotWanted : kConfirmsNotSeen;
        emit(std::move(publication.flow));
    }
}

/// Of what answers a request that was delivered here: to which one.
void AmqpHandler::note_reply(const Content& content) {
    const auto found = delivered_.find(content.correlation_id);
    if (found == delivered_.end() || found->second.reply_to != content.routing_key) {
        return;
    }
    RecordedFields& common = content.flow.exchange->common;
    common.begin_object("in_reply_to");
    common.number("delivery_tag", found->second.delivery_tag);
    common.number(
        "after_ms",
        std::chrono::duration<double, std::milli>(content.flow.timing.start - found->second.end).count());
    common.end_object();
    delivered_.erase(found);
}

void AmqpHandler::end_delivery(Channel& channel, Content content) {
    if (end_reply(content)) {
        return;
    }
    if (!content.correlation_id.empty() && !content.reply_to.empty() && content.flow.timing.end &&
        delivered_.size() < kMostRequests) {
        delivered_.insert_or_assign(content.correlation_id,
                                    DeliveredRequest{.delivery_tag = content.number,
                                                     .reply_to = content.reply_to,
                                                     .end = *content.flow.timing.end});
    }
    const auto known = channel.consumers.find(content.consumer_tag);
    const Acks acks = known == channel.consumers.end() ? Acks::unknown : known->second;
    if (acks == Acks::yes) {
        if (const auto former = channel.deliveries.find(content.number); former != channel.deliveries.end()) {
            emit(taken(std::move(former->second)), "the same delivery tag was used again");
            channel.deliveries.erase(former);
        }
        Flow& place = channel.deliveries[content.number];
        place = std::move(content.flow);
        wait(channel, place);
        return;
    }
    if (acks == Acks::unknown) {
        content.flow.exchange->request_line = kConsumerNotSeen;
        channel.undecided.insert_or_assign(content.number, content.consumer_tag);
        if (channel.undecided.size() > kMostUndecided) {
            channel.undecided.erase(channel.undecided.begin());
        }
    }
    emit(std::move(content.flow));
}

/// Whether what was delivered is the reply to a call: the call is over then.
bool AmqpHandler::end_reply(Content& content) {
    const auto found = content.correlation_id.empty() ? calls_.end() : calls_.find(content.correlation_id);
    if (found == calls_.end() || !is_sent_to(found->second.reply_to, content.routing_key)) {
        return false;
    }
    Flow call = std::move(found->second.flow);
    total_.leave(call);
    calls_.erase(found);
    DescribedExchange& reply = *content.flow.exchange;
    call.exchange->response = std::move(reply.response);
    call.exchange->response_line = std::move(reply.response_line);
    call.exchange->said.response_bytes = reply.said.response_bytes;
    call.timing.response_start = content.flow.timing.start;
    call.timing.end = content.flow.timing.end;
    call.missing += content.flow.missing;
    call.damage(content.flow.reason);
    emit(std::move(call));
    return true;
}

/// What could not be routed comes back before it is confirmed.
void AmqpHandler::end_return(Channel& channel, Content content) {
    Facts& said = content.flow.exchange->said;
    said.outcome = Outcome::client_error;
    said.error_type = "basic.return";
    const auto same = std::ranges::find_if(channel.published, [&](const auto& entry) {
        return entry.second.flow.exchange && entry.second.route == said.target &&
               entry.second.flow.exchange->said.outcome == Outcome::ok;
    });
    if (same != channel.published.end()) {
        DescribedExchange& publication = *same->second.flow.exchange;
        publication.said.outcome = said.outcome;
        publication.said.error_type = said.error_type;
        publication.common.boolean("returned", true);
    }
    emit(std::move(content.flow));
}

}  // namespace sslsniff::amqp
