// What the client says.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/saturating.h"
#include "base/text.h"
#include "protocols/mysql/matcher.h"

namespace sslsniff::mysql {
namespace {

constexpr std::string_view kProtocol = "mysql";
/// Bytes of a parameter that came by COM_STMT_SEND_LONG_DATA.
constexpr std::size_t kMaxLongData = 4096;

/// As in docs/json.md.
std::string_view kind_of(Command command) {
    switch (command) {
        case Command::query:
            return "query";
        case Command::stmt_prepare:
            return "prepare";
        case Command::stmt_execute:
        case Command::stmt_bulk_execute:
            return "execute";
        case Command::stmt_fetch:
            return "fetch";
        case Command::stmt_close:
            return "close";
        case Command::change_user:
            return "change_user";
        case Command::binlog_dump:
        case Command::binlog_dump_gtid:
            return "replication";
        default:
            return "command";
    }
}

bool is_answered(Command command) {
    return command != Command::quit && command != Command::stmt_close &&
           command != Command::stmt_send_long_data;
}

}  // namespace

void Matcher::on_client(const Packet& packet) {
    begins_tls_ = false;
    if (phase_ == Phase::greeting || phase_ == Phase::login) {
        return on_login(packet);
    }
    if (packet.number != 0 || packet.size == 0) {
        return on_continued(packet);
    }
    if (packet.body.empty()) {
        return requests_lost();  // which command it was is missing, and whether it has an answer
    }
    on_command(packet);
}

Pending Matcher::make_pending(const Packet& packet, std::string_view kind) {
    Pending pending;
    pending.exchange = std::make_unique<sql::SqlExchange>(kProtocol, kind);
    pending.exchange->request.seen = true;
    pending.exchange->request.bytes = packet.wire_size();
    pending.start = packet.start;
    pending.request_end = packet.end;
    pending.missing = packet.missing;
    pending.next_number = static_cast<std::uint8_t>(packet.number + packet.size / kMostInPacket + 1);
    return pending;
}

void Matcher::add(Pending pending) {
    trust_.on_request(pending_.size(), pending.request_end);
    pending.certain = trust_.certain();
    measure(pending_.add(std::move(pending)));
    bound_pending();
    drain();
}

/// SSLRequest, or the login itself.
void Matcher::on_login(const Packet& packet) {
    const std::optional<Login> login = read_login(packet.body);
    if (login && login->ssl_request) {
        begins_tls_ = true;
        Pending pending = make_pending(packet, "encryption");
        pending.exchange->request.title = "SSLRequest";
        pending.exchange->answer_expected = false;
        pending.exchange->response.title = "TLS begins";
        pending.end = packet.end;
        sql::add_text(pending.exchange->response.attributes, "server_version", beginning_.version);
        trust_.on_request(0, packet.end);
        return emit_pending(std::move(pending), {});
    }
    phase_ = Phase::authentication;
    Pending pending = make_pending(packet, "startup");
    pending.login = true;
    pending.exchange->request.title = "login";
    if (login) {
        describe_login(*login, pending.exchange->request);
        login_ = {};
        login_.capabilities = login->capabilities;
        login_.mariadb = login->mariadb;
        agree();
    }
    sql::add_text(pending.exchange->response.attributes, "server_version", beginning_.version);
    if (beginning_.connection_id != 0) {
        pending.exchange->response.attributes.push_back(
            {"connection_id", std::int64_t{beginning_.connection_id}});
    }
    add(std::move(pending));
}

/// What both sides can, once both have said so.
void Matcher::agree() {
    if (!beginning_.capabilities) {
        return;
    }
    capabilities_.known = true;
    capabilities_.common = *beginning_.capabilities & login_.capabilities;
    const bool mariadb = ((*beginning_.capabilities | login_.capabilities) & kClientMysql) == 0;
    capabilities_.mariadb = mariadb ? beginning_.mariadb & login_.mariadb : 0;
}

void Matcher::on_command(const Packet& packet) {
    const auto command = static_cast<Command>(packet.first());
    Pending pending = make_pending(packet, kind_of(command));
    pending.command = command;
    sql::add_text(pending.exchange->request.attributes, "command", command_name(command));
    describe(pending, packet);
    add(std::move(pending));
}

/// What a command holds, as far as that does not depend on what the server has yet to answer.
void Matcher::describe(Pending& pending, const Packet& packet) {
    sql::SqlExchange::Request& request = pending.exchange->request;
    const ByteView body = packet.body.substr(1);
    const std::uint64_t size = packet.size - 1;
    const auto statement = [&](ByteView text) {
        request.statement = sql::make_statement(text, size - (body.size() - text.size()), limits_.max_body,
                                                limits_.show_secrets);
    };
    ByteReader reader(body);
    switch (pending.command) {
        case Command::query:
            return statement(take_query_attributes(body, capabilities_, limits_.max_body, request));
        case Command::stmt_prepare:
            request.title = "PREPARE";
            return statement(body);
        case Command::stmt_execute:
        case Command::stmt_bulk_execute:
        case Command::stmt_fetch:
        case Command::stmt_close:
        case Command::stmt_reset:
        case Command::stmt_send_long_data:
            pending.statement_id = reader.le<std::uint32_t>();
            pending.body = body;
            request.unknown_statement = true;
            break;
        case Command::init_db:
        case Command::create_db:
        case Command::drop_db:
        case Command::field_list: {
            const ByteView name = body.substr(0, body.find('\0')).substr(0, 256);
            sql::add_text(request.attributes, pending.command == Command::field_list ? "table" : "database",
                          name);
            request.title = fmt::format("{} {}", command_name(pending.command), name);
            return;
        }
        case Command::change_user: {
            const Login login = read_change_user(body, capabilities_);
            request.title = command_name(pending.command);
            return describe_login(login, request);
        }
        case Command::process_kill:
            request.attributes.push_back({"process_id", std::int64_t{reader.le<std::uint32_t>()}});
            break;
        default:
            break;
    }
    request.title = pending.command == Command::stmt_execute || pending.command == Command::stmt_bulk_execute
                        ? std::string()
                        : std::string(command_name(pending.command));
}

/// More of the authentication, or the file of LOAD DATA LOCAL.
void Matcher::on_continued(const Packet& packet) {
    if (pending_.empty()) {
        return trust_.doubt();
    }
    Pending& pending = pending_.oldest();
    sql::SqlExchange& exchange = *pending.exchange;
    exchange.request.bytes = saturating_sum(exchange.request.bytes, packet.wire_size());
    pending.missing = saturating_sum(pending.missing, packet.missing);
    pending.request_end = packet.end;
    pending.next_number = static_cast<std::uint8_t>(packet.number + packet.size / kMostInPacket + 1);
    if (pending.stage != Stage::local_file || !exchange.response.bulk) {
        return;
    }
    if (packet.size == 0) {
        pending.stage = Stage::first;
        return;
    }
    sql::BulkData& bulk = *exchange.response.bulk;
    add_saturating(bulk.messages, std::uint64_t{1});
    append(bulk.body, packet.body, limits_.max_body);
    bulk.body.size = saturating_sum(bulk.body.size, packet.size - packet.body.size());
    bulk.body.missing = saturating_sum(bulk.body.missing, packet.missing);
    measure(pending);
}

/// The oldest command: what the server does when it comes to it, in the order of the commands.
void Matcher::apply(Pending& pending) {
    resolve(pending);
    switch (pending.command) {
        case Command::stmt_close:
            statements_.close(pending.statement_id);
            break;
        case Command::stmt_send_long_data: {
            ByteReader reader(pending.body);
            reader.le<std::uint32_t>();
            const auto parameter = reader.le<std::uint16_t>();
            Prepared& prepared = statements_.at(pending.statement_id);
            constexpr std::size_t kMostParameters = 64;
            if (reader.good() &&
                (prepared.long_data.size() < kMostParameters || prepared.long_data.contains(parameter))) {
                const ByteView data = reader.rest();
                sql::Value& value = prepared.long_data[parameter];
                value.kind = sql::Value::Kind::text;
                value.size = saturating_sum(value.size, std::uint64_t{data.size()});
                value.text += data.substr(0, kMaxLongData - std::min(kMaxLongData, value.text.size()));
                statements_.measure(prepared);
            }
            break;
        }
        default:
            break;
    }
}

/// Commands that have no answer are over as soon as it is their turn.
void Matcher::drain() {
    while (!pending_.empty() && !pending_.oldest().login && !is_answered(pending_.oldest().command)) {
        apply(pending_.oldest());
        Pending pending = take_oldest();
        pending.exchange->answer_expected = false;
        pending.end = pending.request_end;
        emit_pending(std::move(pending), {});
    }
}

}  // namespace sslsniff::mysql
