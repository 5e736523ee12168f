#include "protocols/redis/exchange.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/memory.h"
#include "base/text.h"
#include "model/names.h"
#include "protocols/redis/commands.h"
#include "protocols/redis/redirect.h"
#include "protocols/redis/value_fields.h"
#include "protocols/redis/value_text.h"

namespace sslsniff::redis {
namespace {

// One line of text at a glance; -v shows the rest.
constexpr std::size_t kSummaryBytes = 120;

constexpr Names<ExchangeKind, 5> kKindNames{{{ExchangeKind::command, "command"},
                                             {ExchangeKind::push, "push"},
                                             {ExchangeKind::monitor, "monitor"},
                                             {ExchangeKind::snapshot, "snapshot"},
                                             {ExchangeKind::replicated, "replicated"}}};

std::string upper(ByteView text) {
    std::string out(text);
    for (char& c : out) {
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c;
    }
    return out;
}

/// The first word as commands are written, the rest as it is.
std::string typed(const RespValue& request, std::size_t max) {
    const std::string line = command_line(request, max);
    const std::size_t name = std::min(line.find(' '), line.size());
    return line.starts_with('"') ? line : upper(line.substr(0, name)) + line.substr(name);
}

std::string snapshot_text(const Snapshot& snapshot) {
    return fmt::format("RDB snapshot {} bytes{}{}", snapshot.size, snapshot.diskless ? ", diskless" : "",
                       snapshot.finished ? "" : ", unfinished");
}

/// The text of an error; nothing for any other answer.
std::optional<ByteView> error_text(const RespValue& response) {
    const std::size_t root = root_index(response);
    const bool is_one = root < response.nodes.size() && is_error(response.nodes[root].type);
    return is_one ? std::optional(response.text_of(response.nodes[root])) : std::nullopt;
}

ByteView error_code(ByteView text) {
    return text.substr(0, text.find(' '));
}

Outcome outcome_of(const RedisExchange& exchange) {
    if (exchange.response.empty()) {
        const bool is_command = exchange.kind == ExchangeKind::command;
        return is_command && exchange.reply_expected ? Outcome::unanswered : Outcome::ok;
    }
    const std::optional<ByteView> text = error_text(exchange.response);
    if (!text) {
        return Outcome::ok;
    }
    if (parse_redirect(*text)) {
        return Outcome::redirected;
    }
    // Errors by which the server says that it, not the request, is at fault.
    for (const std::string_view code : {"BUSY", "LOADING", "MASTERDOWN", "CLUSTERDOWN", "OOM", "MISCONF",
                                        "TRYAGAIN", "NOREPLICAS", "UNKILLABLE"}) {
        if (text->starts_with(code)) {
            return Outcome::server_error;
        }
    }
    return Outcome::client_error;
}

void write_request(FieldWriter& writer, const RedisExchange& exchange) {
    const RespValue& request = exchange.request;
    writer.begin_object("request");
    writer.text("command", upper(element_text(request, 0)));
    writer.begin_array("args");
    for (std::size_t i = 2; i < request.nodes.size(); ++i) {
        writer.text("", request.text_of(request.nodes[i]));
    }
    writer.end_array();
    writer.number("arg_count", request.nodes.front().size - 1);
    if (const auto keys = keys_of(request); !keys.empty()) {
        writer.begin_array("keys");
        for (const ByteView key : keys) {
            writer.text("", key);
        }
        writer.end_array();
    }
    writer.number("bytes", request.wire_size);
    if (request.is_inline) {
        writer.boolean("inline", true);
    }
    if (exchange.secrets_hidden) {
        writer.boolean("secrets_hidden", true);
    }
    if (request.truncated) {
        writer.boolean("truncated", true);
    }
    writer.end_object();
}

void write_error(FieldWriter& writer, ByteView text) {
    writer.begin_object("error");
    writer.text("code", error_code(text));
    writer.text("message", text);
    writer.end_object();
    if (const auto redirect = parse_redirect(text)) {
        writer.begin_object("redirect");
        writer.text("kind", redirect->kind);
        writer.number("slot", redirect->slot);
        writer.text("endpoint", redirect->endpoint);
        writer.end_object();
    }
}

void write_response(FieldWriter& writer, const RespValue& response) {
    writer.begin_object("response");
    const std::size_t root = root_index(response);
    if (root < response.nodes.size()) {
        const RespNode& node = response.nodes[root];
        writer.text("type", to_string(node.type));
        if (is_error(node.type)) {
            write_error(writer, response.text_of(node));
        } else {
            write_value(writer, "value", response, root);
        }
        if (is_aggregate(node.type)) {
            writer.number("elements", node.type == RespType::map ? node.size / 2 : node.size);
        }
    }
    if (root > 0 && root < response.nodes.size()) {
        write_value(writer, "attributes", response, 0);
    }
    writer.number("bytes", response.wire_size);
    if (response.truncated) {
        writer.boolean("truncated", true);
    }
    writer.end_object();
}

}  // namespace

std::string_view to_string(ExchangeKind kind) {
    return name_of(kKindNames, kind);
}

Summary RedisExchange::summary() const {
    Summary out;
    out.request_bytes = request.wire_size;
    out.response_bytes = response.wire_size;
    switch (kind) {
        case ExchangeKind::snapshot:
            out.response = snapshot_text(snapshot);
            out.response_bytes = snapshot.size;
            return out;
        case ExchangeKind::replicated:
            // It flows from the server to the client and has no reply.
            out.response = fmt::format("replicated {}", typed(request, kSummaryBytes));
            out.response_bytes = request.wire_size;
            out.request_bytes = 0;
            return out;
        case ExchangeKind::monitor:
            out.response = fmt::format("monitor {}", one_line(response, kSummaryBytes));
            return out;
        case ExchangeKind::push:
        case ExchangeKind::command:
            break;
    }
    out.request = typed(request, kSummaryBytes);
    out.tone = tone_of(outcome_of(*this));
    if (!response.empty()) {
        out.response = one_line(response, kSummaryBytes);
    } else if (!reply_expected) {
        out.response = "(no reply wanted)";
    }
    return out;
}

Facts RedisExchange::facts() const {
    Facts facts;
    facts.outcome = outcome_of(*this);
    if (!request.empty()) {
        facts.operation = upper(element_text(request, 0));
        if (const auto keys = keys_of(request); !keys.empty()) {
            facts.target = keys.front();
        }
    } else if (kind != ExchangeKind::command) {
        facts.operation = to_string(kind);
    }
    facts.request_bytes = request.wire_size;
    facts.response_bytes = response.wire_size;
    if (kind == ExchangeKind::snapshot) {
        facts.response_bytes = snapshot.size;
    } else if (kind == ExchangeKind::replicated) {  // from the server to the client
        std::swap(facts.request_bytes, facts.response_bytes);
    }
    if (const auto text = error_text(response); text && facts.outcome != Outcome::redirected) {
        facts.error_type = error_code(*text);
    }
    return facts;
}

void RedisExchange::write_fields(FieldWriter& writer) const {
    writer.text("kind", to_string(kind));
    if (!request.empty()) {
        write_request(writer, *this);
    }
    if (!response.empty()) {
        write_response(writer, response);
    }
    if (kind == ExchangeKind::snapshot) {
        writer.begin_object("snapshot");
        writer.number("bytes", snapshot.size);
        writer.boolean("finished", snapshot.finished);
        writer.boolean("diskless", snapshot.diskless);
        writer.end_object();
    }
}

void RedisExchange::write_details(DetailWriter& writer) const {
    const char towards_server = kind == ExchangeKind::replicated ? '<' : '>';
    if (!request.empty()) {
        writer.line(towards_server, typed(request, request.text.size() + 4 * request.nodes.size()));
    }
    if (!response.empty()) {
        write_tree(writer, '<', response);
    }
    if (kind == ExchangeKind::snapshot) {
        writer.line('<', snapshot_text(snapshot));
    }
}

std::size_t RedisExchange::held() const {
    return allocated(sizeof(*this)) + request.held() + response.held();
}

}  // namespace sslsniff::redis
