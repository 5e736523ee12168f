// What the server says.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/saturating.h"
#include "protocols/mysql/matcher.h"

namespace sslsniff::mysql {
namespace {

constexpr std::string_view kProtocol = "mysql";

/// Errors by which the server says that it, or what happens beside the request, is at fault
/// (https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html).
Outcome outcome_of(std::uint16_t number) {
    constexpr auto kServer = std::to_array<std::uint16_t>(
        {1021, 1023, 1026, 1030, 1037, 1038, 1040, 1041, 1053, 1077, 1114, 1152, 1158, 1159, 1160,
         1161, 1180, 1181, 1203, 1205, 1206, 1213, 1226, 1290, 1317, 1836, 1927, 3024, 3032});
    return std::ranges::binary_search(kServer, number) ? Outcome::server_error : Outcome::client_error;
}

sql::Error make_error(const Err& err) {
    sql::Error error;
    error.code = std::to_string(err.number);
    error.message = err.message;
    sql::add_text(error.more, "sqlstate", err.sqlstate);
    error.outcome = outcome_of(err.number);
    return error;
}

/// MariaDB says in an ERR how far a long command has come.
constexpr std::uint16_t kProgress = 0xFFFF;

/// MariaDB up to 10.11 puts this in front, for old replicas.
ByteView without_prefix(ByteView version) {
    constexpr ByteView kPrefix = "5.5.5-";
    return version.starts_with(kPrefix) ? version.substr(kPrefix.size()) : version;
}

}  // namespace

void Matcher::on_server(const Packet& packet) {
    if (phase_ == Phase::greeting) {
        return on_greeting(packet);
    }
    drain();
    if (pending_.empty()) {
        return session_ended(packet);
    }
    Pending& pending = pending_.oldest();
    if (pending.stage == Stage::first && packet.number != pending.next_number && phase_ == Phase::commands) {
        // Of the answer before: an EOF that nobody could tell to be due, or of a command that nobody saw.
        if (!is_eof(packet)) {
            trust_.doubt();
            pending.certain = false;
        }
        return;
    }
    sql::SqlExchange::Response& response = pending.exchange->response;
    response.seen = true;
    response.bytes = saturating_sum(response.bytes, packet.wire_size());
    pending.missing = saturating_sum(pending.missing, packet.missing);
    pending.response_start = pending.response_start.value_or(packet.start);
    pending.next_number = static_cast<std::uint8_t>(packet.number + packet.size / kMostInPacket + 1);
    on_answer(pending, packet);
    drain();
}

void Matcher::on_greeting(const Packet& packet) {
    phase_ = Phase::login;
    if (packet.first() == kErr) {
        return session_ended(packet);
    }
    if (const auto greeting = read_greeting(packet.body)) {
        beginning_.version = without_prefix(greeting->version).substr(0, 128);
        beginning_.connection_id = greeting->connection_id;
        beginning_.capabilities = greeting->capabilities;
        beginning_.mariadb = greeting->mariadb;
    }
}

/// The server speaks unasked: that it refuses the client, or ends the session; or it answers what nobody saw.
void Matcher::session_ended(const Packet& packet) {
    if (packet.first() != kErr || packet.number > 1) {
        return trust_.doubt();
    }
    Pending pending;
    pending.exchange = std::make_unique<sql::SqlExchange>(kProtocol, "error");
    sql::SqlExchange& exchange = *pending.exchange;
    exchange.response.seen = exchange.towards_client = true;
    exchange.response.error = make_error(read_err(packet.body));
    exchange.response.bytes = packet.wire_size();
    pending.start = packet.start;
    pending.response_start = packet.start;
    pending.end = packet.end;
    pending.missing = packet.missing;
    emit_pending(std::move(pending), {});
}

void Matcher::on_answer(Pending& pending, const Packet& packet) {
    if (packet.first() == kErr && pending.stage != Stage::binlog) {
        return on_err(pending, packet);
    }
    switch (pending.stage) {
        case Stage::first:
            return on_first(pending, packet);
        case Stage::columns:
            return on_column(pending, packet);
        case Stage::behind_columns:
            return on_behind_columns(pending, packet);
        case Stage::rows:
            return is_eof(packet) ? on_ok(pending, packet, true) : on_row(pending, packet);
        case Stage::parameters:
            return on_definition(pending, packet);
        case Stage::local_file:
            return;
        case Stage::binlog:
            if (packet.first() == kErr || is_eof(packet)) {
                return packet.first() == kErr ? on_err(pending, packet) : answered(pending, packet);
            }
            add_saturating(pending.exchange->response.bulk->messages, std::uint64_t{1});
            add_saturating(pending.exchange->response.bulk->body.size, packet.size);
            return;
    }
}

/// Inside the login and COM_CHANGE_USER.
void Matcher::on_authentication(Pending& pending, const Packet& packet) {
    if (packet.first() == kEof) {  // another way to authenticate
        ByteReader reader(packet.body.substr(1));
        const ByteView plugin = reader.c_string();
        auto& attributes = pending.exchange->request.attributes;
        std::erase_if(attributes, [](const sql::Attribute& one) { return one.name == "authentication"; });
        sql::add_text(attributes, "authentication", plugin);
        return;
    }
    if (packet.first() == kMoreAuthData) {
        return;
    }
    if (pending.login) {
        phase_ = Phase::commands;
        const bool both = capabilities_.known;
        compression_ = both && (capabilities_.common & kZstd) != 0       ? Compression::zstd
                       : both && (capabilities_.common & kCompress) != 0 ? Compression::zlib
                                                                         : Compression::none;
    }
    statements_.clear();
    pending.exchange->response.title =
        beginning_.version.empty() ? "OK" : fmt::format("OK (server {})", beginning_.version);
    on_ok(pending, packet, false);
}

void Matcher::on_first(Pending& pending, const Packet& packet) {
    if (pending.login || pending.command == Command::change_user) {
        return on_authentication(pending, packet);
    }
    resolve(pending);
    switch (pending.command) {
        case Command::stmt_prepare:
            return on_prepared(pending, packet);
        case Command::statistics:
            pending.exchange->response.title = packet.body.substr(0, 256);
            return answered(pending, packet);
        case Command::binlog_dump:
        case Command::binlog_dump_gtid:
            pending.stage = Stage::binlog;
            pending.exchange->response.bulk.emplace();
            pending.exchange->response.bulk->direction = "out";
            return on_answer(pending, packet);
        case Command::field_list:
            pending.stage = Stage::columns;
            pending.left = UINT64_MAX;
            pending.columns = std::make_shared<sql::Columns>();
            return on_column(pending, packet);
        case Command::stmt_fetch: {
            const Prepared* const prepared = statements_.find(pending.statement_id);
            pending.exchange->response.columns = prepared != nullptr ? prepared->columns : nullptr;
            pending.exchange->response.has_rows = true;
            pending.stage = Stage::rows;
            return on_answer(pending, packet);
        }
        default:
            break;
    }
    if (packet.first() == kOk || is_eof(packet)) {
        return on_ok(pending, packet, false);
    }
    if (packet.first() == kLocalInfile) {
        pending.stage = Stage::local_file;
        sql::add_text(pending.exchange->response.attributes, "local_file", packet.body.substr(1, 1024));
        pending.exchange->response.bulk.emplace();
        pending.exchange->response.bulk->direction = "in";
        return;
    }
    on_column_count(pending, packet);
}

/// A result with rows begins. MariaDB's MARIADB_CLIENT_CACHE_METADATA has one more byte behind the number,
/// CLIENT_OPTIONAL_RESULTSET_METADATA one before it: whether definitions follow.
void Matcher::on_column_count(Pending& pending, const Packet& packet) {
    ByteReader reader(packet.body);
    bool follow = true;
    if (capabilities_.has(kOptionalMetadata).value_or(false)) {
        follow = reader.u8() != 0;
    }
    pending.left = take_number(reader);
    if (reader.left() > 0) {
        follow = reader.u8() != 0;
    }
    pending.exchange->response.has_rows = true;
    pending.rows = 0;
    pending.columns = std::make_shared<sql::Columns>();
    if (follow && pending.left > 0) {
        pending.stage = Stage::columns;
        return;
    }
    const Prepared* const prepared = statements_.find(pending.statement_id);
    pending.exchange->response.columns =
        prepared != nullptr && pending.command != Command::query ? prepared->columns : nullptr;
    pending.columns.reset();
    pending.stage = Stage::behind_columns;
}

void Matcher::on_column(Pending& pending, const Packet& packet) {
    constexpr std::size_t kMaxColumns = 4096;
    if (is_eof(packet)) {  // only COM_FIELD_LIST ends so
        columns_done(pending);
        return answered(pending, packet);
    }
    if (auto column = read_column(packet.body); column && pending.columns->size() < kMaxColumns) {
        pending.columns->push_back(*std::move(column));
    }
    if (--pending.left == 0) {
        columns_done(pending);
        pending.stage = Stage::behind_columns;
    }
}

void Matcher::columns_done(Pending& pending) {
    pending.exchange->response.columns = pending.columns;
    if (Prepared* const prepared =
            pending.command == Command::stmt_execute ? statements_.find(pending.statement_id) : nullptr) {
        prepared->columns = pending.columns;
        statements_.measure(*prepared);
    }
    pending.columns.reset();
    measure(pending);
}

/// Without CLIENT_DEPRECATE_EOF an EOF of five bytes ends the definitions; an OK in its place, which is
/// longer, ends the rows too.
void Matcher::on_behind_columns(Pending& pending, const Packet& packet) {
    constexpr std::size_t kOldEof = 5;
    pending.stage = Stage::rows;
    if (packet.first() == kEof && packet.size == kOldEof) {
        const Ok ok = read_ok(packet.body);
        if ((ok.status & kCursorExists) != 0) {
            on_ok(pending, packet, true);  // rows come with COM_STMT_FETCH
        }
        return;
    }
    on_answer(pending, packet);
}

void Matcher::on_row(Pending& pending, const Packet& packet) {
    sql::SqlExchange::Response& response = pending.exchange->response;
    add_saturating(pending.rows, std::uint64_t{1});
    add_saturating(response.row_count, std::uint64_t{1});
    if (!limits_.fields || response.rows.size() >= sql::kMaxRows || pending.row_bytes >= limits_.max_body) {
        return;
    }
    const bool binary = pending.command == Command::stmt_execute || pending.command == Command::stmt_fetch ||
                        pending.command == Command::stmt_bulk_execute;
    const std::size_t room = limits_.max_body - pending.row_bytes;
    response.rows.push_back(binary ? read_binary_row(packet.body, response.columns.get(), room)
                                   : read_text_row(packet.body, response.columns.get(), room));
    for (const sql::Value& value : response.rows.back()) {
        pending.row_bytes += value.text.size();
    }
    measure(pending);
}

void Matcher::on_prepared(Pending& pending, const Packet& packet) {
    ByteReader reader(packet.body);
    reader.u8();
    Prepared prepared;
    pending.statement_id = reader.le<std::uint32_t>();
    pending.columns_left = reader.le<std::uint16_t>();
    pending.left = reader.le<std::uint16_t>();
    if (packet.first() != kOk || !reader.good()) {
        return answered(pending, packet);
    }
    if (pending.missing == 0) {
        prepared.statement = pending.exchange->request.statement;
    }
    prepared.parameters = static_cast<std::uint16_t>(pending.left);
    pending.exchange->response.title = fmt::format("statement {}, {} parameter{}", pending.statement_id,
                                                   pending.left, pending.left == 1 ? "" : "s");
    pending.exchange->response.attributes.push_back({"statement_id", std::int64_t{pending.statement_id}});
    pending.exchange->response.attributes.push_back(
        {"parameter_count", static_cast<std::int64_t>(pending.left)});
    statements_.define(pending.statement_id, std::move(prepared));
    constexpr std::size_t kFollow = 12;
    const bool optional = capabilities_.has(kOptionalMetadata).value_or(false);
    if (optional && packet.body.size() > kFollow && packet.body[kFollow] == 0) {
        pending.left = pending.columns_left = 0;
    }
    pending.columns = std::make_shared<sql::Columns>();
    pending.stage = Stage::parameters;
    if (pending.left == 0 && pending.columns_left == 0) {
        answered(pending, packet);
    }
}

/// Of a parameter, then of a column; each of both kinds ends with an EOF unless CLIENT_DEPRECATE_EOF.
void Matcher::on_definition(Pending& pending, const Packet& packet) {
    const bool eof_certain = capabilities_.has(kDeprecateEof) == false;
    if (pending.eof_due && is_eof(packet)) {
        pending.eof_due = false;
    } else if (pending.left > 0) {
        pending.eof_due = --pending.left == 0 && capabilities_.has(kDeprecateEof) != true;
    } else if (pending.columns_left > 0) {
        if (auto column = read_column(packet.body)) {
            pending.columns->push_back(*std::move(column));
        }
        pending.eof_due = --pending.columns_left == 0 && capabilities_.has(kDeprecateEof) != true;
        if (pending.columns_left == 0) {
            pending.exchange->response.columns = pending.columns;
            if (Prepared* const prepared = statements_.find(pending.statement_id)) {
                prepared->columns = pending.columns;
                statements_.measure(*prepared);
            }
        }
    }
    if (pending.left == 0 && pending.columns_left == 0 && !(pending.eof_due && eof_certain)) {
        answered(pending, packet);
    }
}

/// The end of a result: an OK, or what ends its rows.
void Matcher::on_ok(Pending& pending, const Packet& packet, bool ends_rows) {
    const Ok ok = read_ok(packet.body);
    sql::SqlExchange& exchange = *pending.exchange;
    ++exchange.response.result_count;
    if (exchange.response.results.size() < sql::kMaxResults) {
        sql::Result result;
        if (ends_rows) {
            result.rows = pending.rows;
        } else {
            result.affected_rows = ok.affected_rows;
        }
        exchange.response.results.push_back(std::move(result));
    }
    auto& attributes = exchange.response.attributes;
    if (ok.last_insert_id != 0 && sql::find_attribute(attributes, "last_insert_id") == nullptr) {
        attributes.push_back({"last_insert_id", static_cast<std::int64_t>(
                                                    std::min<std::uint64_t>(ok.last_insert_id, INT64_MAX))});
    }
    if (ok.warnings != 0 && sql::find_attribute(attributes, "warnings") == nullptr) {
        attributes.push_back({"warnings", std::int64_t{ok.warnings}});
    }
    if (sql::find_attribute(attributes, "info") == nullptr && !ends_rows) {
        sql::add_text(attributes, "info", ok.info.substr(0, 1024));
    }
    if (sql::find_attribute(attributes, "session_changes") == nullptr) {
        sql::add_text(attributes, "session_changes", ok.changes);
    }
    if ((ok.status & kCursorExists) != 0 && ends_rows && pending.command == Command::stmt_execute &&
        sql::find_attribute(attributes, "cursor") == nullptr) {
        attributes.push_back({"cursor", true});
    }
    exchange.transaction = (ok.status & kInTransaction) != 0 ? "in_transaction" : "idle";
    pending.rows = 0;
    measure(pending);
    if ((ok.status & kMoreResults) != 0) {
        pending.stage = Stage::first;
        return;
    }
    answered(pending, packet);
}

void Matcher::on_err(Pending& pending, const Packet& packet) {
    const Err err = read_err(packet.body);
    if (err.number == kProgress) {
        return;
    }
    if (pending.login) {
        phase_ = Phase::commands;
    }
    pending.exchange->response.error = make_error(err);
    pending.exchange->response.error->message = pending.exchange->response.error->message.substr(0, 4096);
    measure(pending);
    answered(pending, packet);
}

void Matcher::answered(Pending& pending, const Packet& packet) {
    if (pending.command == Command::reset_connection && !pending.login && !pending.exchange->response.error) {
        statements_.clear();
    }
    pending.end = packet.end;
    emit_pending(take_oldest(), {});
}

}  // namespace sslsniff::mysql
