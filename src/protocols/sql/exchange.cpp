#include "protocols/sql/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/memory.h"
#include "base/saturating.h"
#include "base/text.h"
#include "protocols/sql/exchange_text.h"

namespace sslsniff::sql {
namespace {

std::size_t held_by(const Attributes& attributes) {
    std::size_t held = heap_bytes(attributes);
    for (const Attribute& attribute : attributes) {
        const auto* const text = std::get_if<Bytes>(&attribute.value);
        held += text != nullptr ? heap_bytes(*text) : 0;
    }
    return held;
}

Outcome outcome_of(const SqlExchange& exchange) {
    if (exchange.skipped) {
        return Outcome::failed;
    }
    if (exchange.response.error) {
        return exchange.response.error->outcome;
    }
    const bool unanswered = !exchange.response.seen && exchange.answer_expected && !exchange.towards_client;
    return unanswered ? Outcome::unanswered : Outcome::ok;
}

void write_attributes(FieldWriter& writer, const Attributes& attributes) {
    for (const Attribute& attribute : attributes) {
        if (const auto* text = std::get_if<Bytes>(&attribute.value)) {
            writer.text(attribute.name, *text);
        } else if (const auto* number = std::get_if<std::int64_t>(&attribute.value)) {
            writer.number(attribute.name, *number);
        } else {
            writer.boolean(attribute.name, std::get<bool>(attribute.value));
        }
    }
}

void write_request(FieldWriter& writer, const SqlExchange::Request& request) {
    writer.begin_object("request");
    if (request.statement) {
        writer.text("statement", request.statement->text);
        writer.text("operation", operation_of(request.statement->text));
        if (const std::string table = target_of(request.statement->text); !table.empty()) {
            writer.text("table", table);
        }
    } else if (request.unknown_statement) {
        writer.text("statement", kUnknown);
    }
    if (!request.statement_name.empty()) {
        writer.text("statement_name", request.statement_name);
    }
    if (request.parameter_count != 0) {
        writer.begin_array("parameters");
        for (const Value& value : request.parameters ? *request.parameters : Values()) {
            write_value(writer, "", value);
        }
        writer.end_array();
        writer.number("parameter_count", request.parameter_count);
    }
    write_attributes(writer, request.attributes);
    writer.number("bytes", request.bytes);
    if (request.secrets_hidden || (request.statement && request.statement->secrets_hidden)) {
        writer.boolean("secrets_hidden", true);
    }
    if (request.truncated || (request.statement && request.statement->is_cut())) {
        writer.boolean("truncated", true);
    }
    writer.end_object();
}

void write_error(FieldWriter& writer, std::string_view key, const Error& error) {
    writer.begin_object(key);
    writer.text("code", error.code);
    writer.text("message", error.message);
    write_attributes(writer, error.more);
    writer.end_object();
}

void write_results(FieldWriter& writer, const SqlExchange::Response& response) {
    if (response.results.empty()) {
        return;
    }
    if (!response.results.back().tag.empty()) {
        writer.text("command_tag", response.results.back().tag);
    }
    std::uint64_t affected = 0;
    bool any = false;
    for (const Result& result : response.results) {
        affected = saturating_sum(affected, result.affected_rows.value_or(0));
        any = any || result.affected_rows.has_value();
    }
    if (any) {
        writer.number("affected_rows", affected);
    }
    if (response.result_count > 1) {
        writer.begin_array("results");
        for (const Result& result : response.results) {
            writer.begin_object("");
            if (!result.tag.empty()) {
                writer.text("command_tag", result.tag);
            }
            if (result.rows) {
                writer.number("row_count", *result.rows);
            }
            if (result.affected_rows) {
                writer.number("affected_rows", *result.affected_rows);
            }
            writer.end_object();
        }
        writer.end_array();
        writer.number("result_count", response.result_count);
    }
}

void write_rows(FieldWriter& writer, const SqlExchange::Response& response) {
    writer.number("row_count", response.row_count);
    if (response.columns) {
        writer.begin_array("columns");
        for (const Column& column : *response.columns) {
            writer.begin_object("");
            writer.text("name", column.name);
            if (column.type_name.empty()) {
                writer.text("type", std::to_string(column.type));
            } else {
                writer.text("type", column.type_name);
            }
            writer.end_object();
        }
        writer.end_array();
    }
    writer.begin_array("rows");
    for (const Values& row : response.rows) {
        writer.begin_array("");
        for (const Value& value : row) {
            write_value(writer, "", value);
        }
        writer.end_array();
    }
    writer.end_array();
}

void write_response(FieldWriter& writer, const SqlExchange& exchange) {
    const SqlExchange::Response& response = exchange.response;
    writer.begin_object("response");
    write_results(writer, response);
    if (response.has_rows) {
        write_rows(writer, response);
    } else if (response.columns && !response.columns->empty()) {
        writer.number("column_count", response.columns->size());
    }
    if (response.error) {
        write_error(writer, "error", *response.error);
    }
    if (response.notice_count != 0) {
        writer.begin_array("notices");
        for (const Error& notice : response.notices) {
            write_error(writer, "", notice);
        }
        writer.end_array();
        writer.number("notice_count", response.notice_count);
    }
    if (response.bulk) {
        writer.begin_object("copy");
        writer.text("direction", response.bulk->direction);
        if (!response.bulk->format.empty()) {
            writer.text("format", response.bulk->format);
        }
        writer.number("messages", response.bulk->messages);
        writer.body("body", response.bulk->body);
        writer.end_object();
    }
    write_attributes(writer, response.attributes);
    if (!exchange.transaction.empty()) {
        writer.text("transaction_status", exchange.transaction);
    }
    if (exchange.skipped) {
        writer.boolean("skipped", true);
    }
    writer.number("bytes", response.bytes);
    writer.end_object();
}

}  // namespace

std::size_t held_by(const Columns& columns) {
    std::size_t held = heap_bytes(columns);
    for (const Column& column : columns) {
        held += heap_bytes(column.name);
    }
    return held;
}

void add_text(Attributes& attributes, std::string_view name, ByteView text) {
    if (!text.empty()) {
        attributes.push_back({name, Bytes(text)});
    }
}

const Attribute* find_attribute(const Attributes& attributes, std::string_view name) {
    const auto found = std::ranges::find(attributes, name, &Attribute::name);
    return found == attributes.end() ? nullptr : &*found;
}

Summary SqlExchange::summary() const {
    Summary out;
    out.request = request_line(request);
    out.response = response_line(*this);
    out.towards_client = towards_client;
    out.tone = skipped ? Summary::Tone::incomplete : tone_of(outcome_of(*this));
    out.request_bytes = request.bytes;
    out.response_bytes = response.bytes;
    return out;
}

Facts SqlExchange::facts() const {
    Facts facts;
    facts.outcome = outcome_of(*this);
    if (request.statement && !request.statement->text.empty()) {
        facts.operation = operation_of(request.statement->text);
        facts.target = target_of(request.statement->text);
    }
    if (facts.operation.empty() && (request.seen || towards_client)) {
        facts.operation = kind;
    }
    if (const Attribute* database = find_attribute(request.attributes, "database");
        database != nullptr && facts.target.empty()) {
        facts.target = std::get<Bytes>(database->value);
    }
    if (skipped) {
        facts.error_type = "skipped";
    } else if (response.error) {
        facts.error_type = response.error->code;
    }
    facts.request_bytes = request.bytes;
    facts.response_bytes = response.bytes;
    return facts;
}

void SqlExchange::write_fields(FieldWriter& writer) const {
    writer.text("kind", kind);
    if (request.seen) {
        write_request(writer, request);
    }
    if (response.seen || skipped) {
        write_response(writer, *this);
    }
}

void SqlExchange::write_details(DetailWriter& writer) const {
    write_exchange_details(writer, *this);
}

std::size_t SqlExchange::held() const {
    std::size_t held = allocated(sizeof(*this)) + heap_bytes(request.title) +
                       heap_bytes(request.statement_name) + held_by(request.attributes) +
                       heap_bytes(response.title) + held_by(response.attributes);
    held += request.statement ? request.statement->held() : 0;
    held += request.parameters ? held_by(*request.parameters) : 0;
    held += heap_bytes(response.results) + heap_bytes(response.rows);
    for (const Values& row : response.rows) {
        held += held_by(row);
    }
    for (const Result& result : response.results) {
        held += heap_bytes(result.tag);
    }
    held += response.columns ? held_by(*response.columns) : 0;
    held += response.bulk ? response.bulk->body.held() : 0;
    if (response.error) {
        held += heap_bytes(response.error->message) + held_by(response.error->more);
    }
    held += heap_bytes(response.notices);
    for (const Error& notice : response.notices) {
        held += heap_bytes(notice.message) + held_by(notice.more);
    }
    return held;
}

bool SqlExchange::shed() {
    bool any = response.bulk && response.bulk->body.shed();
    if (!response.rows.empty()) {
        response.rows = {};
        any = true;
    }
    if (request.parameters) {
        request.parameters.reset();
        request.truncated = any = true;
    }
    return any;
}

}  // namespace sslsniff::sql
