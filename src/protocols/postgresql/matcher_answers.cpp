// What the server says.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/saturating.h"
#include "base/text.h"
#include "protocols/byte_reader.h"
#include "protocols/postgresql/matcher.h"
#include "protocols/postgresql/report.h"
#include "protocols/postgresql/rows.h"
#include "protocols/sql/lexer.h"

namespace sslsniff::postgresql {
namespace {

constexpr std::string_view kProtocol = "postgresql";
constexpr std::string_view kNoRequest = "request not seen";

std::string_view transaction_state(char state) {
    return state == 'I' ? "idle" : state == 'T' ? "in_transaction" : state == 'E' ? "failed" : "";
}

/// AuthenticationRequest, by its code: what it asks for; empty for one that goes on with another.
std::string_view authentication_name(std::uint32_t code) {
    switch (code) {
        case 2:
            return "kerberos_v5";
        case 3:
            return "password";
        case 5:
            return "md5";
        case 7:
            return "gssapi";
        case 9:
            return "sspi";
        case 10:
            return "sasl";
        default:
            return {};
    }
}

bool has_result(char type) {
    return std::string_view("TDCIsGHW").find(type) != std::string_view::npos;
}

}  // namespace

bool Matcher::awaits_encryption() const {
    return !pending_.empty() && pending_.oldest().type == Pending::Type::encryption;
}

void Matcher::on_encryption(char answer, Timestamp time) {
    Pending pending = take_oldest();
    pending.response_start = pending.end = time;
    pending.exchange->response.seen = true;
    pending.exchange->response.bytes = 1;
    pending.exchange->response.title = answer == 'S'   ? "TLS begins"
                                       : answer == 'G' ? "GSSAPI begins"
                                                       : "refused";
    pending.exchange->response.attributes.push_back({"encryption", answer != 'N'});
    emit_pending(std::move(pending), {});
}

void Matcher::on_backend(const Message& message) {
    const bool startup = !pending_.empty() && pending_.oldest().type == Pending::Type::startup;
    if (message.type == 'A') {
        return on_notification(message);
    }
    if (message.type == 'N') {
        return on_notice(message);
    }
    if (message.type == 'S' && !startup) {
        return;  // a setting has changed
    }
    if (message.type == 'E') {
        return on_error(message);
    }
    if (message.type == 'Z') {
        return on_ready(message);
    }
    if (orphan_ && !pending_.empty() && message.type >= '1' && message.type <= '3') {
        end_orphan(message);  // that is the first answer to a unit
    }
    if (pending_.empty() || orphan_ || pending_.oldest().type == Pending::Type::sync) {
        return on_orphan(message);
    }
    on_answer(pending_.oldest(), message);
}

void Matcher::on_answer(Pending& pending, const Message& message) {
    if (pending.end) {
        return trust_.doubt();  // it is answered, and only ReadyForQuery is due
    }
    sql::SqlExchange::Response& response = pending.exchange->response;
    response.bytes = saturating_sum(response.bytes, message.wire_size());
    pending.missing = saturating_sum(pending.missing, message.missing);
    response.seen = true;
    pending.response_start = pending.response_start.value_or(message.start);
    switch (pending.type) {
        case Pending::Type::startup:
            return on_startup_answer(pending, message);
        case Pending::Type::query:
            on_result(pending, message);
            return;
        case Pending::Type::unit:
            return on_unit_answer(pending, message);
        case Pending::Type::function_call:
            response.title = "OK";
            return;
        case Pending::Type::encryption:
        case Pending::Type::sync:
            return;
    }
}

void Matcher::on_startup_answer(Pending& pending, const Message& message) {
    sql::SqlExchange& exchange = *pending.exchange;
    ByteReader reader(message.body);
    if (message.type == 'R') {
        const std::string_view name = authentication_name(reader.be<std::uint32_t>());
        if (!name.empty() && sql::find_attribute(exchange.request.attributes, "authentication") == nullptr) {
            sql::add_text(exchange.request.attributes, "authentication", name);
        }
    } else if (message.type == 'S') {
        const ByteView name = reader.c_string();
        if (name == "server_version" && sql::find_attribute(exchange.response.attributes, name) == nullptr) {
            sql::add_text(exchange.response.attributes, "server_version", reader.c_string());
        }
    } else if (message.type == 'K' &&
               sql::find_attribute(exchange.response.attributes, "process_id") == nullptr) {
        exchange.response.attributes.push_back({"process_id", std::int64_t{reader.be<std::uint32_t>()}});
    }
}

/// Whether the message answers the next step of a unit; what does not shows that pairs are wrong.
void Matcher::on_unit_answer(Pending& pending, const Message& message) {
    const char step = pending.answered < pending.steps.size() ? pending.steps[pending.answered] : '\0';
    switch (message.type) {
        case '1':
            if (step == 'P') {
                prepared_.define(pending.parse_name, pending.parsed);
                return step_answered(pending, message);
            }
            break;
        case '2':
            if (step == 'B') {
                confirm_bind(pending);
                return step_answered(pending, message);
            }
            break;
        case '3':
            if (step == 'C') {
                const auto close = static_cast<std::size_t>(
                    std::count(pending.steps.begin(),
                               pending.steps.begin() + static_cast<std::ptrdiff_t>(pending.answered), 'C'));
                const auto& [what, name] = pending.closed[close];
                what == 'S' ? prepared_.close_statement(name) : prepared_.close_portal(name);
                return step_answered(pending, message);
            }
            break;
        case 't':
            if (step == 'D') {
                const std::shared_ptr<Prepared> prepared = prepared_.find(
                    pending.parsed ? ByteView(pending.parse_name) : ByteView(pending.statement_name));
                ByteReader reader(message.body);
                if (prepared && message.whole()) {
                    std::vector<std::uint32_t> types(
                        std::min<std::size_t>(reader.be<std::uint16_t>(), reader.left() / 4));
                    std::ranges::generate(types, [&] { return reader.be<std::uint32_t>(); });
                    prepared->parameter_types = std::move(types);
                    prepared_.measure(*prepared);
                }
                return;
            }
            break;
        case 'T':
        case 'n':
            if (step == 'D' || step == 'd') {
                const auto columns =
                    message.type == 'T' ? read_columns(message) : std::make_shared<sql::Columns>();
                pending.exchange->response.columns = columns;
                const bool bound = step == 'd' && pending.bound;
                if (const auto prepared =
                        bound ? pending.bound->prepared
                              : prepared_.find(pending.parsed ? ByteView(pending.parse_name)
                                                              : ByteView(pending.statement_name))) {
                    prepared->columns = columns;
                    prepared_.measure(*prepared);
                }
                return step_answered(pending, message);
            }
            break;
        default:
            if (step == 'E' && (has_result(message.type) || message.type == 'd' || message.type == 'c')) {
                start_execution(pending);
                if (on_result(pending, message)) {
                    step_answered(pending, message);
                }
                return;
            }
    }
    trust_.doubt();
    pending.certain = false;
}

void Matcher::step_answered(Pending& pending, const Message& message) {
    measure(pending);
    if (++pending.answered == pending.steps.size()) {
        unit_answered(pending, message);
    }
}

/// What ReadyForQuery says of the transaction belongs to the last unit before it.
void Matcher::unit_answered(Pending& pending, const Message& message) {
    pending.end = message.end;
    const auto next = std::next(pending_.begin());
    if (next != pending_.end() && next->type == Pending::Type::sync) {
        return;
    }
    emit_pending(take_oldest(), {});
}

/// A portal is there now.
void Matcher::confirm_bind(Pending& pending) {
    pending.bound = std::make_shared<Portal>();
    std::shared_ptr<Prepared> prepared = prepared_.find(pending.statement_name);
    pending.bound->prepared = prepared ? std::move(prepared) : std::make_shared<Prepared>();
    pending.bound->formats = std::move(pending.formats);
    pending.bound->parameters = decode_parameters(pending.values, pending.bound->prepared->parameter_types);
    pending.bound->parameter_count = pending.value_count;
    pending.values = {};
    pending.exchange->request.parameters = pending.bound->parameters;
    sql::SqlExchange::Request& request = pending.exchange->request;
    request.statement = pending.parsed ? request.statement : pending.bound->prepared->statement;
    request.unknown_statement = request.statement == nullptr;
    prepared_.bind(pending.portal_name, pending.bound);
}

/// The first answer to Execute.
void Matcher::start_execution(Pending& pending) {
    if (pending.running) {
        return;
    }
    pending.running = prepared_.find_portal(pending.executed);
    if (!pending.running) {
        pending.running = std::make_shared<Portal>();
        pending.running->prepared = std::make_shared<Prepared>();
    }
    sql::SqlExchange& exchange = *pending.exchange;
    if (!pending.parsed || !pending.binds) {
        exchange.request.statement = pending.running->prepared->statement;
    }
    exchange.request.unknown_statement = exchange.request.statement == nullptr;
    exchange.request.parameters = pending.running->parameters;
    exchange.request.parameter_count = pending.running->parameter_count;
    if (!exchange.response.columns) {
        exchange.response.columns = pending.running->prepared->columns;
    }
}

bool Matcher::on_result(Pending& pending, const Message& message) {
    sql::SqlExchange::Response& response = pending.exchange->response;
    switch (message.type) {
        case 'T':
            response.columns = read_columns(message);
            response.has_rows = pending.described = true;
            pending.rows = 0;
            measure(pending);
            return false;
        case 'D':
            on_row(pending, message);
            return false;
        case 'C':
            on_command_complete(pending, message.body.substr(0, message.body.find('\0')));
            return true;
        case 'I':
            response.title = "(empty query)";
            return true;
        case 's':
            response.results.push_back({.tag = {}, .rows = pending.rows});
            ++response.result_count;
            response.attributes.push_back({"suspended", true});
            return true;
        case 'G':
        case 'H':
        case 'W':
            on_copy_begins(pending, message);
            return false;
        case 'd':
            on_copy_data(pending, message);
            return false;
        case 'c':
            pending.copy = pending.copy == Copy::both ? Copy::in : Copy::none;
            return false;
        default:
            trust_.doubt();
            pending.certain = false;
            return false;
    }
}

void Matcher::on_row(Pending& pending, const Message& message) {
    sql::SqlExchange::Response& response = pending.exchange->response;
    add_saturating(pending.rows, std::uint64_t{1});
    add_saturating(response.row_count, std::uint64_t{1});
    response.has_rows = true;
    if (!limits_.fields || response.rows.size() >= sql::kMaxRows || pending.row_bytes >= limits_.max_body) {
        return;
    }
    const bool extended = pending.type == Pending::Type::unit && pending.running != nullptr;
    response.rows.push_back(read_row(message.body, response.columns.get(),
                                     extended ? pending.running->formats : std::nullopt,
                                     limits_.max_body - pending.row_bytes));
    for (const sql::Value& value : response.rows.back()) {
        pending.row_bytes += value.text.size();
    }
    measure(pending);
}

void Matcher::on_command_complete(Pending& pending, ByteView tag) {
    constexpr std::size_t kMaxTag = 128;  // COMPLETION_TAG_BUFSIZE is 64
    sql::SqlExchange::Response& response = pending.exchange->response;
    const std::optional<std::uint64_t> count = count_of(tag);
    // CREATE TABLE AS says SELECT too, without rows.
    const bool described = pending.described || (response.columns && !response.columns->empty());
    const bool selects = tag.starts_with("SELECT ") || tag.starts_with("FETCH ");
    const bool rows = described || pending.rows != 0 || (selects && count == 0);
    ++response.result_count;
    response.has_rows = response.has_rows || rows;
    if (response.results.size() < sql::kMaxResults) {
        response.results.push_back({.tag = Bytes(tag.substr(0, kMaxTag))});
        if (rows && selects) {
            response.results.back().rows = pending.rows;
        } else if (count) {
            response.results.back().affected_rows = count;
        }
    }
    pending.rows = 0;
    pending.described = false;
    pending.copy = Copy::none;
    forget_deallocated(pending, tag);
}

void Matcher::on_copy_begins(Pending& pending, const Message& message) {
    sql::SqlExchange& exchange = *pending.exchange;
    if (!exchange.response.bulk) {
        exchange.response.bulk.emplace();
    }
    sql::BulkData& bulk = *exchange.response.bulk;
    pending.copy = message.type == 'G' ? Copy::in : message.type == 'H' ? Copy::out : Copy::both;
    bulk.direction = message.type == 'G' ? "in" : message.type == 'H' ? "out" : "both";
    bulk.format = message.body.starts_with('\0') ? "text" : "binary";
    if (pending.copy != Copy::both) {
        return;
    }
    // A stream that goes on for days: it is told when it begins, and what it carried when it ends.
    auto started = std::make_unique<sql::SqlExchange>(kProtocol, exchange.kind);
    started->request = exchange.request;
    started->response.seen = true;
    started->response.title = "streaming (CopyBothResponse)";
    started->response.bytes = exchange.response.bytes;
    Pending beginning;
    beginning.type = Pending::Type::query;
    beginning.exchange = std::move(started);
    beginning.start = pending.start;
    beginning.request_end = pending.request_end;
    beginning.response_start = pending.response_start;
    beginning.end = message.end;
    beginning.certain = pending.certain;
    exchange.kind = "replication";
    exchange.response.bytes = 0;
    ++exchanges_;
    emit_pending(std::move(beginning), {});
}

/// In either direction.
void Matcher::on_copy_data(Pending& pending, const Message& message) {
    if (!pending.exchange->response.bulk) {
        pending.exchange->response.bulk.emplace();
        pending.exchange->response.bulk->direction = "out";
    }
    sql::BulkData& bulk = *pending.exchange->response.bulk;
    add_saturating(bulk.messages, std::uint64_t{1});
    const std::size_t before = bulk.body.captured.size();
    append(bulk.body, message.body, limits_.max_body);
    bulk.body.size = saturating_sum(bulk.body.size, message.size - std::uint64_t{message.body.size()});
    bulk.body.missing = saturating_sum(bulk.body.missing, message.missing);
    if (bulk.body.captured.size() != before) {
        measure(pending);
    }
}

void Matcher::on_error(const Message& message) {
    sql::Error error = parse_report(message.body);
    if (orphan_) {
        orphan_->exchange->response.error = std::move(error);
        return;
    }
    if (pending_.empty() || pending_.oldest().type == Pending::Type::sync || pending_.oldest().end) {
        auto exchange =
            std::make_unique<sql::SqlExchange>(kProtocol, "error");  // the server ends the session
        exchange->response.seen = exchange->towards_client = true;
        exchange->response.error = std::move(error);
        exchange->response.bytes = message.wire_size();
        return emit_alone(std::move(exchange), message);
    }
    Pending& pending = pending_.oldest();
    sql::SqlExchange& exchange = *pending.exchange;
    pending.response_start = pending.response_start.value_or(message.start);
    pending.missing = saturating_sum(pending.missing, message.missing);
    exchange.response.seen = true;
    exchange.response.bytes = saturating_sum(exchange.response.bytes, message.wire_size());
    exchange.response.error = std::move(error);
    pending.copy = Copy::none;
    measure(pending);
    if (pending.type == Pending::Type::unit) {
        failed_ = true;
        open_ = open_ == &pending ? nullptr : open_;
        unit_answered(pending, message);
    } else if (pending.type == Pending::Type::startup || pending.type == Pending::Type::encryption) {
        pending.end = message.end;
        emit_pending(take_oldest(), {});
    }
}

void Matcher::on_notice(const Message& message) {
    sql::Error notice = parse_report(message.body);
    if (pending_.empty() || !pending_.oldest().exchange) {
        auto exchange = std::make_unique<sql::SqlExchange>(kProtocol, "notice");
        exchange->response.seen = exchange->towards_client = true;
        exchange->response.title = fmt::format("NOTICE {} {}", notice.code, notice.message);
        exchange->response.bytes = message.wire_size();
        exchange->response.notice_count = 1;
        exchange->response.notices.push_back(std::move(notice));
        return emit_alone(std::move(exchange), message);
    }
    Pending& pending = pending_.oldest();
    sql::SqlExchange::Response& response = pending.exchange->response;
    response.bytes = saturating_sum(response.bytes, message.wire_size());
    ++response.notice_count;
    if (response.notices.size() < sql::kMaxNotices) {
        response.notices.push_back(std::move(notice));
        measure(pending);
    }
}

void Matcher::on_notification(const Message& message) {
    ByteReader reader(message.body);
    const auto process = reader.be<std::uint32_t>();
    const ByteView channel = reader.c_string();
    const ByteView payload = reader.c_string();
    auto exchange = std::make_unique<sql::SqlExchange>(kProtocol, "notification");
    exchange->response.seen = exchange->towards_client = true;
    exchange->response.title = fmt::format("NOTIFY {} '{}'", channel, payload.substr(0, 80));
    exchange->response.bytes = message.wire_size();
    sql::add_text(exchange->response.attributes, "channel", channel);
    sql::add_text(exchange->response.attributes, "payload", payload.substr(0, limits_.max_body));
    exchange->response.attributes.push_back({"process_id", std::int64_t{process}});
    emit_alone(std::move(exchange), message);
}

void Matcher::on_ready(const Message& message) {
    const std::string_view state = transaction_state(message.body.empty() ? '\0' : message.body.front());
    if (orphan_) {  // it answers what nobody saw, not what waits
        orphan_->exchange->transaction = state;
        end_orphan(message);
        if (!pending_.empty() && pending_.oldest().type == Pending::Type::sync) {
            take_oldest();
        }
        return;
    }
    for (bool over = false; !over && !pending_.empty();) {
        Pending& oldest = pending_.oldest();
        over = oldest.type != Pending::Type::unit;
        if (oldest.type == Pending::Type::sync) {
            take_oldest();
            continue;
        }
        sql::SqlExchange& exchange = *oldest.exchange;
        const bool last = over || std::next(pending_.begin()) == pending_.end() ||
                          std::next(pending_.begin())->type == Pending::Type::sync;
        exchange.transaction = last ? state : exchange.transaction;
        if (over) {
            exchange.response.seen = true;
            exchange.response.bytes = saturating_sum(exchange.response.bytes, message.wire_size());
            oldest.response_start = oldest.response_start.value_or(message.start);
        }
        if (oldest.type == Pending::Type::startup) {
            const sql::Attribute* const known =
                sql::find_attribute(exchange.response.attributes, "server_version");
            const ByteView version = known == nullptr ? ByteView() : ByteView(std::get<Bytes>(known->value));
            exchange.response.title =
                known == nullptr ? "OK" : fmt::format("OK (server {})", version.substr(0, version.find(' ')));
        }
        if (oldest.type == Pending::Type::unit && !oldest.end) {
            exchange.skipped = failed_;
        }
        const bool answered = over || oldest.end || exchange.skipped;
        oldest.end = oldest.end ? oldest.end : answered ? std::optional(message.end) : std::nullopt;
        emit_pending(take_oldest(), answered ? "" : "no response");
    }
    failed_ = false;
    if (state == "idle") {
        prepared_.close_portals();
    }
}

/// An answer to a request that passed before the capture began, or was lost.
void Matcher::on_orphan(const Message& message) {
    if (!orphan_ && !has_result(message.type)) {
        return;
    }
    if (!orphan_) {
        trust_.doubt();
        orphan_ = std::make_unique<Pending>();
        orphan_->type = Pending::Type::query;
        orphan_->exchange = std::make_unique<sql::SqlExchange>(kProtocol, "query");
        orphan_->exchange->response.seen = true;
        orphan_->start = message.start;
        orphan_->response_start = message.start;
    }
    sql::SqlExchange::Response& response = orphan_->exchange->response;
    response.bytes = saturating_sum(response.bytes, message.wire_size());
    orphan_->missing = saturating_sum(orphan_->missing, message.missing);
    if (has_result(message.type) || message.type == 'd' || message.type == 'c') {
        on_result(*orphan_, message);
    }
}

void Matcher::end_orphan(const Message& message) {
    orphan_->end = message.end;
    const std::unique_ptr<Pending> orphan = std::exchange(orphan_, nullptr);
    ++exchanges_;
    emit_pending(std::move(*orphan), kNoRequest);
}

/// Statements that SQL has removed, not the protocol.
void Matcher::forget_deallocated(const Pending& pending, ByteView tag) {
    if (tag == "DEALLOCATE ALL" || tag == "DISCARD ALL") {
        return prepared_.clear();
    }
    if (tag != "DEALLOCATE" && tag != "PREPARE") {
        return;
    }
    if (!pending.exchange->request.statement) {
        return prepared_.clear();
    }
    sql::Lexer lexer(pending.exchange->request.statement->text);
    lexer.next();
    sql::Token name = lexer.next();
    if (name.kind == sql::Token::Kind::word && equals_ignore_case(name.text, "prepare")) {
        name = lexer.next();
    }
    const ByteView text = ByteView(pending.exchange->request.statement->text).substr(name.begin, name.size);
    prepared_.close_statement(name.kind == sql::Token::Kind::quoted ? Bytes(text) : to_lower(text));
}

}  // namespace sslsniff::postgresql
