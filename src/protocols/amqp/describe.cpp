#include "protocols/amqp/describe.h"

#include <fmt/format.h>

namespace sslsniff::amqp {
namespace {

/// Where messages go; the default exchange has no name, and routes by the name of the queue.
std::string route_of(const Arguments& arguments) {
    const ByteView exchange = arguments.text("exchange");
    const ByteView key = arguments.text("routing_key");
    return exchange.empty() ? std::string(key) : fmt::format("{}/{}", exchange, key);
}

/// Who logs in, as PLAIN (RFC 4616) and RabbitMQ's AMQPLAIN say it.
std::string user_of(const Arguments& arguments) {
    const ByteView mechanism = arguments.text("mechanism");
    const ByteView response = arguments.text("response");
    if (mechanism == "PLAIN") {
        const std::size_t begin = response.find('\0');
        const std::size_t end = begin == ByteView::npos ? begin : response.find('\0', begin + 1);
        return end == ByteView::npos ? std::string()
                                     : std::string(response.substr(begin + 1, end - begin - 1));
    }
    return mechanism == "AMQPLAIN" ? std::string(text_in_table(response, "LOGIN").value_or(""))
                                   : std::string();
}

std::string details_of(const Method& method, const Arguments& arguments) {
    switch (method.id()) {
        case MethodId::connection_start: {
            const ByteView table = arguments.text("server_properties");
            return fmt::format("{} {}", text_in_table(table, "product").value_or("AMQP"),
                               text_in_table(table, "version").value_or("0-9-1"));
        }
        case MethodId::connection_start_ok: {
            const std::string user = user_of(arguments);
            return fmt::format("{}{}{}", arguments.text("mechanism"), user.empty() ? "" : " as ", user);
        }
        case MethodId::connection_close:
        case MethodId::channel_close:
        case MethodId::basic_return:
            return fmt::format("{} {}", arguments.number("reply_code"), arguments.text("reply_text"));
        case MethodId::queue_declare_ok:
            return fmt::format("{}, {} messages, {} consumers", arguments.text("queue"),
                               arguments.number("message_count"), arguments.number("consumer_count"));
        case MethodId::basic_get_ok:
            return fmt::format("{}, {} more", route_of(arguments), arguments.number("message_count"));
        case MethodId::basic_deliver:
            return route_of(arguments) + (arguments.is_set("redelivered") ? " redelivered" : "");
        case MethodId::basic_consume:
            return std::string(arguments.text("queue")) + (arguments.is_set("no_ack") ? " without ack" : "");
        case MethodId::basic_ack:
        case MethodId::basic_nack:
        case MethodId::basic_reject:
            return fmt::format("{}{}{}", arguments.number("delivery_tag"),
                               arguments.is_set("multiple") ? " and before" : "",
                               arguments.is_set("requeue") ? " requeue" : "");
        default:
            return target_of(method, arguments);
    }
}

}  // namespace

void write_method(const Method& method, std::uint16_t channel, const Arguments& arguments, bool show_secrets,
                  RecordedFields& fields) {
    fields.text("method", method.name);
    fields.number("channel_number", channel);
    if (arguments.write(fields, show_secrets)) {
        fields.boolean("secrets_hidden", true);
    }
}

std::string line_of(const Method& method, const Arguments& arguments) {
    const std::string details = details_of(method, arguments);
    return fmt::format("{}{}{}", method.name, details.empty() ? "" : " ", details);
}

std::string target_of(const Method& method, const Arguments& arguments) {
    switch (method.id()) {
        case MethodId::basic_publish:
        case MethodId::basic_return:
        case MethodId::basic_deliver:
        case MethodId::basic_get_ok:
            return route_of(arguments);
        default:
            break;
    }
    // Of bindings and queues the queue; exchanges are bound to others by their destination.
    for (const std::string_view name : {"queue", "destination", "exchange", "virtual_host", "consumer_tag"}) {
        if (const ByteView text = arguments.text(name); !text.empty()) {
            const ByteView source = arguments.text(name == "destination" ? "source" : "exchange");
            return name == "exchange" || source.empty()
                       ? std::string(text)
                       : fmt::format("{} to {}/{}", text, source, arguments.text("routing_key"));
        }
    }
    return {};
}

Outcome outcome_of(std::uint64_t reply_code) {
    constexpr std::uint64_t kSuccess = 200;
    switch (reply_code) {
        case kSuccess:
            return Outcome::ok;
        case 320:  // connection-forced: by an operator
        case 506:  // resource-error
        case 541:  // internal-error
            return Outcome::server_error;
        default:
            return Outcome::client_error;
    }
}

}  // namespace sslsniff::amqp
