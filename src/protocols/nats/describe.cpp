#include <fmt/format.h>

#include <algorithm>

#include "protocols/nats/handler.h"
#include "protocols/nats/json.h"

namespace sslsniff::nats {
namespace {

using framed::Side;

void set_error(Facts& facts, Outcome outcome, std::string type) {
    facts.outcome = outcome;
    facts.error_type = std::move(type);
}

Outcome outcome_of(std::int64_t status) {
    constexpr std::int64_t kClientError = 400;
    constexpr std::int64_t kServerError = 500;
    return status >= kServerError   ? Outcome::server_error
           : status >= kClientError ? Outcome::client_error
                                    : Outcome::ok;
}

/// "'Authorization Violation'" without the quotes.
ByteView unquoted(ByteView text) {
    return text.size() >= 2 && text.front() == '\'' && text.back() == '\'' ? text.substr(1, text.size() - 2)
                                                                           : text;
}

std::string line_of(const ControlLine& line) {
    std::string out(to_string(line.operation));
    for (const ByteView word : {line.subject, line.operation == Operation::unsub ? line.sid : ByteView{}}) {
        out += word.empty() ? "" : fmt::format(" {}", word);
    }
    out += line.queue_group.empty() ? "" : fmt::format(" in group {}", line.queue_group);
    return out;
}

void write_ack_subject(const ControlLine& line, RecordedFields& fields) {
    const auto ack = read_ack_subject(line.reply_to);
    if (!ack) {
        return;
    }
    fields.begin_object("jetstream");
    fields.text("stream", ack->stream);
    fields.text("consumer", ack->consumer);
    fields.number("delivered", ack->delivered);
    fields.number("stream_sequence", ack->stream_sequence);
    fields.number("consumer_sequence", ack->consumer_sequence);
    fields.number("pending", ack->pending);
    fields.end_object();
}

/// Of a service that answers with JSON of the same form it is shown as well.
void write_jetstream_reply(const JetStreamReply& reply, Flow& flow, RecordedFields& fields) {
    fields.begin_object("jetstream");
    if (!reply.stream.empty()) {
        fields.text("stream", reply.stream);
    }
    if (!reply.ack_policy.empty()) {
        fields.text("consumer", reply.consumer);
        fields.text("ack_policy", reply.ack_policy);
    }
    if (reply.sequence) {
        fields.number("stream_sequence", *reply.sequence);
    }
    if (reply.duplicate) {
        fields.boolean("duplicate", true);
    }
    if (reply.error_code) {
        fields.number("error_code", *reply.error_code);
        fields.number("error_number", reply.error_number.value_or(0));
        fields.text("error_description", reply.error_description);
        set_error(flow.exchange->said, outcome_of(*reply.error_code), std::to_string(*reply.error_code));
        flow.exchange->response_line += fmt::format(" {} {}", *reply.error_code, reply.error_description);
    } else if (reply.sequence) {
        flow.exchange->response_line += fmt::format(" {} {}", reply.stream, reply.sequence.value_or(0));
    }
    fields.end_object();
}

}  // namespace

Flow NatsHandler::describe(Said& said) {
    const ControlLine& line = said.line;
    Flow flow = begin_flow("nats", said.side, said.message);
    if (!said.damage.empty()) {
        flow.damage(said.damage);
    }
    RecordedFields& fields = flow.fields(said.side);
    Facts& facts = flow.exchange->said;
    fields.text("operation", to_string(line.operation));
    flow.line(said.side) = line_of(line);
    facts.operation = to_string(line.operation);
    facts.target = line.subject.empty() ? subscriptions_.pattern(line.sid) : line.subject;
    for (const auto& [key, text] : {std::pair<std::string_view, ByteView>{"subject", line.subject},
                                    {"reply_to", line.reply_to},
                                    {"queue_group", line.queue_group},
                                    {"sid", line.sid}}) {
        if (!text.empty()) {
            fields.text(key, text);
        }
    }
    if (line.max_messages) {
        fields.number("max_messages", *line.max_messages);
    }
    switch (line.operation) {
        case Operation::info:
        case Operation::connect: {
            const Members members = read_members(line.text);
            const bool is_info = line.operation == Operation::info;
            flow.line(said.side) +=
                is_info ? fmt::format(" {} {}", members.server_name, members.version)
                        : fmt::format(" {}{}{}", members.lang.empty() ? "client" : members.lang,
                                      members.user.empty() ? "" : " as ", members.user);
            facts.target = is_info ? members.server_name : members.name;
            if (write_members(line.text, is_info ? "info" : "options", fields, limits_.show_secrets)) {
                fields.boolean("secrets_hidden", true);
            }
            break;
        }
        case Operation::err:
            fields.text("error", unquoted(line.text));
            flow.line(said.side) += fmt::format(" {}", line.text);
            set_error(facts, Outcome::client_error, std::string(unquoted(line.text)));
            break;
        default:
            break;
    }
    if (line.has_payload()) {
        write_payload(said, flow);
    }
    return flow;
}

void NatsHandler::write_payload(Said& said, Flow& flow) {
    const ControlLine& line = said.line;
    RecordedFields& fields = flow.fields(said.side);
    Facts& facts = flow.exchange->said;
    const ByteView behind = said.message.bytes.substr(std::min(line.size, said.message.bytes.size()));
    if (line.header_size > 0) {
        said.headers = write_headers(behind.substr(0, line.header_size), fields);
        if (!said.headers.good && said.damage.empty() && behind.size() >= line.header_size) {
            flow.damage("malformed headers");
        }
    }
    if (behind.size() > line.header_size) {
        said.payload = behind.substr(line.header_size, line.payload_size);
    }
    Body body;
    append(body, said.payload, limits_.max_body);
    body.size = line.payload_size;
    body.missing = std::min(said.message.missing, line.payload_size);
    (said.side == Side::client ? facts.request_bytes : facts.response_bytes) = line.payload_size;
    if (said.headers.status != 0) {
        flow.line(said.side) += fmt::format(" {} {}", said.headers.status, said.headers.description);
        if (const Outcome outcome = outcome_of(said.headers.status); outcome != Outcome::ok) {
            set_error(facts, outcome, std::to_string(said.headers.status));
        }
    } else if (!said.headers.error_code.empty()) {
        flow.line(said.side) += fmt::format(" error {}", said.headers.error_code);
        set_error(facts, Outcome::server_error, said.headers.error_code);
    }
    if (said.side == Side::server) {
        write_ack_subject(line, fields);
        const bool answers =
            requests_.find(std::string(line.subject), [](const Flow&) { return true; }) != nullptr;
        if (const auto reply = answers ? read_jetstream_reply(said.payload) : std::nullopt) {
            write_jetstream_reply(*reply, flow, fields);
            learn_consumer(*reply);
        }
    }
    fields.body("payload", body);
}

}  // namespace sslsniff::nats
