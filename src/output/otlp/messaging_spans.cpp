#include <fmt/format.h>

#include <array>
#include <optional>

#include "output/otlp/span_convention.h"

namespace sslsniff {
namespace {

// docs/messaging/kafka.md, rabbitmq.md; NATS and MQTT as docs/messaging has it for all systems.
constexpr auto kKafkaRules = std::to_array<FieldRule>({
    {"request.client_id", "messaging.client.id"},
    {"request.group_id", "messaging.consumer.group.name"},
});
constexpr auto kKafkaLooks = std::to_array<std::string_view>(
    {"request.topics", "request.topic_count", "request.record_count", "response.record_count"});
constexpr auto kAmqpRules = std::to_array<FieldRule>({
    {"request.routing_key", "messaging.rabbitmq.destination.routing_key"},
    {"response.routing_key", "messaging.rabbitmq.destination.routing_key"},
    {"response.delivery_tag", "messaging.rabbitmq.message.delivery_tag"},
    {"request.properties.message_id", "messaging.message.id"},
    {"response.properties.message_id", "messaging.message.id"},
    {"request.properties.correlation_id", "messaging.message.conversation_id"},
    {"response.properties.correlation_id", "messaging.message.conversation_id"},
});
constexpr auto kAmqpLooks = std::to_array<std::string_view>({
    "request.method",
    "request.exchange",
    "request.routing_key",
    "request.queue",
    "request.body_size_bytes",
    "response.method",
    "response.exchange",
    "response.routing_key",
    "response.body_size_bytes",
});
constexpr auto kNatsLooks = std::to_array<std::string_view>(
    {"request.operation", "request.subject", "request.payload.size", "request.headers.traceparent",
     "request.headers.tracestate", "response.operation", "response.subject", "response.payload.size"});
constexpr auto kMqttLooks = std::to_array<std::string_view>(
    {"topic", "packet", "request.client_id", "request.payload.size", "response.payload.size"});

/// What a span says of a message, whatever the system.
struct Message {
    enum class Way : std::uint8_t { none, sent, received };
    Way way = Way::none;  ///< for the client
    std::string destination;
    std::optional<std::int64_t> body_size;
};

void complete_message(const SpanSource& source, const Message& message, Span& span) {
    using Way = Message::Way;
    const std::string& operation = source.facts().operation;
    span.attributes.add("messaging.system", source.system());
    span.attributes.add_known("messaging.operation.name", operation);
    if (message.way != Way::none) {
        span.attributes.add("messaging.operation.type", message.way == Way::sent ? "send" : "receive");
        if (!source.is_server()) {
            span.kind = message.way == Way::sent ? SpanKind::producer : SpanKind::consumer;
        }
    }
    span.attributes.add_known("messaging.destination.name", message.destination);
    if (message.body_size) {
        span.attributes.add("messaging.message.body.size", *message.body_size);
    }
    add_server(source, {}, span);
    span.name = operation.empty()             ? std::string(source.system())
                : message.destination.empty() ? operation
                                              : fmt::format("{} {}", operation, message.destination);
}

std::optional<std::int64_t> size_of(const SpanSource& source, std::string_view path) {
    return source.has(path) ? std::optional(source.number(path)) : std::nullopt;
}

/// One request may be about many topics: only a single one is its destination.
void complete_kafka(const SpanSource& source, Span& span) {
    Message message;
    const std::string& api = source.facts().operation;
    message.way = api == "Produce" ? Message::Way::sent
                  : api == "Fetch" ? Message::Way::received
                                   : Message::Way::none;
    if (source.number("request.topic_count", 1) == 1) {
        message.destination = source.text("request.topics");
    }
    complete_message(source, message, span);
    const std::string_view count = api == "Fetch" ? "response.record_count" : "request.record_count";
    if (message.way != Message::Way::none && source.has(count)) {
        span.attributes.add("messaging.batch.message_count", source.number(count));
    }
}

/// "exchange:routing key", where either may be empty.
std::string rabbitmq_destination(ByteView exchange, ByteView key) {
    return fmt::format("{}{}{}", exchange, exchange.empty() || key.empty() ? "" : ":", key);
}

void complete_amqp(const SpanSource& source, Span& span) {
    Message message;
    if (source.text("request.method") == "basic.publish") {
        message = {Message::Way::sent,
                   rabbitmq_destination(source.text("request.exchange"), source.text("request.routing_key")),
                   size_of(source, "request.body_size_bytes")};
    } else if (source.has("response.body_size_bytes")) {
        message = {
            Message::Way::received,
            rabbitmq_destination(source.text("response.exchange"), source.text("response.routing_key")),
            size_of(source, "response.body_size_bytes")};
    } else {
        message.destination = source.text("request.queue");
    }
    complete_message(source, message, span);
}

void complete_nats(const SpanSource& source, Span& span) {
    const std::string& operation = source.facts().operation;
    Message message;
    if (operation == "PUB" || operation == "HPUB") {
        message = {Message::Way::sent, std::string(source.text("request.subject")),
                   size_of(source, "request.payload.size")};
    } else if (operation == "MSG" || operation == "HMSG") {
        message = {Message::Way::received, std::string(source.text("response.subject")),
                   size_of(source, "response.payload.size")};
    } else {
        message.destination = source.text("request.subject");
    }
    complete_message(source, message, span);
}

void complete_mqtt(const SpanSource& source, Span& span) {
    Message message{Message::Way::none, std::string(source.text("topic")), std::nullopt};
    if (source.has("request.payload.size")) {
        message.way = Message::Way::sent;
        message.body_size = size_of(source, "request.payload.size");
    } else if (source.has("response.payload.size")) {
        message.way = Message::Way::received;
        message.body_size = size_of(source, "response.payload.size");
    }
    complete_message(source, message, span);
    span.attributes.add_known("messaging.client.id", source.text("request.client_id"));
}

constexpr auto kConventions = std::to_array<SpanConvention>({
    {"kafka", "kafka", kKafkaRules, kKafkaLooks, complete_kafka},
    {"amqp", "rabbitmq", kAmqpRules, kAmqpLooks, complete_amqp},
    {"nats", "nats", {}, kNatsLooks, complete_nats},
    {"mqtt", "mqtt", {}, kMqttLooks, complete_mqtt},
});

}  // namespace

std::span<const SpanConvention> messaging_conventions() {
    return kConventions;
}

}  // namespace sslsniff
