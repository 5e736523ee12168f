// What the client says.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/saturating.h"
#include "protocols/byte_reader.h"
#include "protocols/postgresql/matcher.h"

namespace sslsniff::postgresql {
namespace {

constexpr std::string_view kProtocol = "postgresql";
/// A unit that takes more messages is hostile; it goes on as another one.
constexpr std::size_t kMaxSteps = 64;

}  // namespace

void Matcher::on_frontend(const Message& message) {
    switch (message.type) {
        case 0:
            return on_startup_packet(message);
        case 'Q':
            return on_query(message);
        case 'P':
            return on_parse(message);
        case 'B':
            return on_bind(message);
        case 'D':
            return on_describe(message);
        case 'E':
            return on_execute(message);
        case 'C':
            return on_close(message);
        case 'S':
            return on_sync(message);
        case 'F':
            return on_function_call(message);
        case 'p':
            return on_password(message);
        case 'd':
        case 'c':
        case 'f':
            return on_copy_from_client(message);
        case 'H':
            open_ = nullptr;
            return;
        default:
            return;  // Terminate
    }
}

Pending& Matcher::begin(Pending::Type type, std::string_view kind, const Message& message) {
    Pending pending;
    pending.type = type;
    pending.exchange = std::make_unique<sql::SqlExchange>(kProtocol, kind);
    pending.exchange->request.seen = true;
    pending.exchange->request.bytes = message.wire_size();
    pending.start = message.start;
    pending.request_end = message.end;
    pending.missing = message.missing;
    trust_.on_request(exchanges_, message.end);
    pending.certain = trust_.certain();
    open_ = nullptr;
    ++exchanges_;
    return pending_.add(std::move(pending));
}

void Matcher::added(Pending& pending) {
    measure(pending);
    bound_pending();
}

void Matcher::on_startup_packet(const Message& message) {
    const auto code = message.body.size() < 4 ? 0U : load_be<std::uint32_t>(message.body);
    if (code == kSslRequest || code == kGssEncRequest) {
        Pending& pending = begin(Pending::Type::encryption, "encryption", message);
        pending.exchange->request.title = code == kSslRequest ? "SSLRequest" : "GSSENCRequest";
        return added(pending);
    }
    if (code == kCancelRequest) {
        auto exchange = std::make_unique<sql::SqlExchange>(kProtocol, "cancel");
        const auto process = message.body.size() < 8 ? 0U : load_be<std::uint32_t>(message.body, 4);
        exchange->request.seen = true;
        exchange->request.title = fmt::format("CancelRequest of process {}", process);
        exchange->request.attributes.push_back({"process_id", std::int64_t{process}});
        exchange->request.bytes = message.wire_size();
        exchange->request.secrets_hidden = true;
        exchange->answer_expected = false;
        return emit_alone(std::move(exchange), message);
    }
    Pending& pending = begin(Pending::Type::startup, "startup", message);
    read_startup(message.body, pending.exchange->request);
    added(pending);
}

void Matcher::on_query(const Message& message) {
    Pending& pending = begin(Pending::Type::query, "query", message);
    const ByteView text = message.body.substr(0, message.body.find('\0'));
    const std::uint64_t size =
        message.whole() ? text.size() : message.size - std::min<std::uint64_t>(message.size, 1);
    pending.exchange->request.statement =
        sql::make_statement(text, size, limits_.max_body, limits_.show_secrets);
    added(pending);
}

/// The unit that the message belongs to.
Pending& Matcher::unit(const Message& message, bool fresh) {
    if (open_ == nullptr || fresh || open_->steps.size() >= kMaxSteps) {
        return begin(Pending::Type::unit, "prepare", message);
    }
    open_->exchange->request.bytes = saturating_sum(open_->exchange->request.bytes, message.wire_size());
    open_->request_end = message.end;
    open_->missing = saturating_sum(open_->missing, message.missing);
    return *open_;
}

void Matcher::take_step(Pending& pending, char step, const Message& /*message*/) {
    pending.steps += step;
    open_ = &pending;
    added(pending);
}

void Matcher::on_parse(const Message& message) {
    Pending& pending = unit(message, open_ != nullptr && (open_->parsed || open_->binds));
    Parse parse = read_parse(message.body);
    const std::uint64_t size =
        message.whole() ? parse.statement.size()
                        : message.size - std::min<std::uint64_t>(message.size, parse.name.size() + 4);
    pending.parsed = std::make_shared<Prepared>();
    pending.parsed->statement =
        sql::make_statement(parse.statement, size, limits_.max_body, limits_.show_secrets);
    pending.parsed->parameter_types = std::move(parse.types);
    pending.parse_name = parse.name;
    pending.exchange->request.statement = pending.parsed->statement;
    if (message.missing != 0) {
        pending.parsed->statement.reset();  // later executions had better say that nobody knows it
    }
    pending.exchange->request.statement_name = parse.name;
    pending.exchange->request.title = "PREPARE";
    pending.exchange->kind = "prepare";
    take_step(pending, 'P', message);
}

void Matcher::on_bind(const Message& message) {
    Bind bind = read_bind(message.body, limits_.max_body);
    const bool other = open_ != nullptr && open_->parsed && open_->parse_name != bind.statement;
    Pending& pending = unit(message, open_ != nullptr && (open_->binds || other));
    pending.binds = true;
    pending.statement_name = bind.statement;
    pending.portal_name = bind.portal;
    pending.exchange->request.statement_name = bind.statement;
    pending.exchange->request.parameter_count = bind.value_count;
    pending.exchange->request.truncated = bind.values.size() < bind.value_count || !message.whole();
    pending.values = std::move(bind.values);
    pending.value_count = bind.value_count;
    pending.formats = std::move(bind.formats);
    pending.exchange->request.title = pending.parsed ? "PREPARE" : "BIND";
    pending.exchange->kind = "prepare";
    take_step(pending, 'B', message);
}

void Matcher::on_describe(const Message& message) {
    const Named named = read_named(message.body);
    Pending& pending = unit(message, false);
    if (named.what == 'S' && !pending.parsed && !pending.binds) {
        pending.statement_name = named.name;
        pending.exchange->request.statement_name = named.name;
        pending.exchange->request.title = "DESCRIBE";
        pending.exchange->kind = "prepare";
    }
    take_step(pending, named.what == 'S' ? 'D' : 'd', message);
}

void Matcher::on_execute(const Message& message) {
    ByteReader reader(message.body);
    const ByteView portal = reader.c_string();
    const auto max_rows = reader.be<std::uint32_t>();
    const bool other = open_ != nullptr && open_->binds && open_->portal_name != portal;
    Pending& pending = unit(message, other);
    pending.executed = portal;
    pending.exchange->kind = "execute";
    pending.exchange->request.title.clear();
    sql::add_text(pending.exchange->request.attributes, "portal", portal);
    if (max_rows != 0) {
        pending.exchange->request.attributes.push_back({"max_rows", std::int64_t{max_rows}});
    }
    take_step(pending, 'E', message);
    open_ = nullptr;
}

void Matcher::on_close(const Message& message) {
    const Named named = read_named(message.body);
    Pending& pending = unit(message, false);
    pending.closed.emplace_back(named.what, named.name);
    if (pending.steps.empty()) {
        pending.exchange->request.title =
            fmt::format("CLOSE {} {}", named.what == 'S' ? "statement" : "portal", named.name);
        pending.exchange->kind = "close";
    }
    take_step(pending, 'C', message);
}

void Matcher::on_sync(const Message& message) {
    open_ = nullptr;
    Pending pending;
    pending.start = pending.request_end = message.end;
    added(pending_.add(std::move(pending)));
}

void Matcher::on_function_call(const Message& message) {
    Pending& pending = begin(Pending::Type::function_call, "function_call", message);
    const auto function = message.body.size() < 4 ? 0U : load_be<std::uint32_t>(message.body);
    pending.exchange->request.title = fmt::format("FunctionCall {}", function);
    pending.exchange->request.attributes.push_back({"function", std::int64_t{function}});
    added(pending);
}

/// PasswordMessage, SASLInitialResponse, SASLResponse, GSSResponse: the server's request says which.
void Matcher::on_password(const Message& message) {
    if (pending_.empty() || pending_.latest().type != Pending::Type::startup) {
        return;
    }
    Pending& pending = pending_.latest();
    sql::SqlExchange& exchange = *pending.exchange;
    exchange.request.bytes = saturating_sum(exchange.request.bytes, message.wire_size());
    const sql::Attribute* const method = sql::find_attribute(exchange.request.attributes, "authentication");
    const Bytes name = method == nullptr ? Bytes() : std::get<Bytes>(method->value);
    const ByteView text = message.body.substr(0, message.body.find('\0'));
    if (name == "sasl") {  // the mechanism that the client has chosen
        std::erase_if(exchange.request.attributes,
                      [](const sql::Attribute& attribute) { return attribute.name == "authentication"; });
        sql::add_text(exchange.request.attributes, "authentication", text);
    } else if (limits_.show_secrets && (name == "password" || name == "md5")) {
        sql::add_text(exchange.request.attributes, "password", text);
        return;
    }
    exchange.request.secrets_hidden = true;
}

void Matcher::on_copy_from_client(const Message& message) {
    if (pending_.empty() || (pending_.oldest().copy != Copy::in && pending_.oldest().copy != Copy::both)) {
        return;  // the server ignores it
    }
    Pending& pending = pending_.oldest();
    pending.missing = saturating_sum(pending.missing, message.missing);
    pending.request_end = message.end;
    if (message.type == 'd') {
        return on_copy_data(pending, message);
    }
    if (message.type == 'f') {
        ByteReader reader(message.body);
        sql::add_text(pending.exchange->request.attributes, "copy_failure", reader.c_string());
    }
    pending.copy = pending.copy == Copy::both ? Copy::out : Copy::none;
    if (pending.type == Pending::Type::unit) {
        drop_eaten_syncs();
    }
}

/// A server that takes COPY data ignores Sync: another one follows behind the data.
void Matcher::drop_eaten_syncs() {
    pairing::InOrder<Pending> dropped;
    for (auto item = pending_.begin(); item != pending_.end();) {
        const auto here = item++;
        if (here->type == Pending::Type::sync) {
            pending_held_.leave(*here);
            pending_.pass(here, dropped);
        }
    }
}

}  // namespace sslsniff::postgresql
