// ClickHouse's HTTP interface: SQL in the query string or the body, facts in header fields of the response.

#include "protocols/http_api/clickhouse.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "base/json_walk.h"
#include "base/memory.h"
#include "base/text.h"
#include "protocols/http/http_exchange.h"
#include "protocols/http_api/api_fields.h"
#include "protocols/http_api/query_string.h"
#include "protocols/sql/statement.h"

namespace sslsniff {
namespace {

using enum FieldType;

constexpr auto kFields = std::to_array<FieldSpec>({
    {"clickhouse.operation", text},
    {"clickhouse.query", text},
    {"clickhouse.database", text},
    {"clickhouse.query_id", text},
    {"clickhouse.read_rows", number},
    {"clickhouse.written_rows", number},
    {"clickhouse.result_rows", number},
    {"clickhouse.error_code", number},
    {"clickhouse.error_message", text},
});

/// Runs of white space as one space.
std::string in_one_line(std::string_view text) {
    std::string line;
    for (const char c : text) {
        const bool is_space = c == ' ' || (c >= '\t' && c <= '\r');
        if (!is_space) {
            line += c;
        } else if (!line.empty() && line.back() != ' ') {
            line += ' ';
        }
    }
    return line;
}

/// Of a JSON object whose numbers are texts: {"read_rows":"3","read_bytes":"24"}.
std::optional<std::int64_t> number_of(std::string_view text) {
    return JsonValue{JsonValue::Kind::number, text}.integer();
}

class ClickHouse final : public HttpApi {
  public:
    explicit ClickHouse(const HttpRequest& request)
        : statement_(query_value(request.target, "query").value_or("")),
          database_(kept_text(query_value(request.target, "database").value_or(""))) {
        if (database_.empty()) {
            database_ = kept_text(request.headers.find("X-ClickHouse-Database").value_or(ByteView()));
        }
    }

    /// With a query in the target the body is data, else its end or all of the query.
    bool on_request(ByteView body, Timestamp /*time*/) override {
        if (statement_.empty()) {
            statement_ = body;
        }
        statement_.resize(std::min(statement_.size(), kMostText));
        statement_.shrink_to_fit();
        sql::hide_secrets(statement_);
        return !sql::operation_of(statement_).empty();
    }
    void on_response(ByteView body) override {
        // "Code: 60. DB::Exception: Table ... (UNKNOWN_TABLE)"
        if (const std::size_t at = body.find("DB::Exception: ");
            body.starts_with("Code: ") && at != ByteView::npos) {
            error_message_ = kept_text(body.substr(at + std::string_view("DB::Exception: ").size()));
        }
    }

    void describe(const HttpExchange& exchange, Summary& summary) const override {
        const Answer answer = answer_of(exchange);
        summary.request += ' ' + in_one_line(statement_);
        if (answer.result_rows || answer.written_rows) {
            const std::int64_t written = answer.written_rows.value_or(0);
            const std::int64_t rows = written != 0 ? written : answer.result_rows.value_or(0);
            summary.response += fmt::format(", {} row{}", rows, rows == 1 ? "" : "s");
        }
        if (answer.error_code) {
            summary.response += fmt::format(", error {}", *answer.error_code);
            summary.response += error_message_.empty() ? "" : ": " + error_message_;
        }
    }

    void add_facts(const HttpExchange& exchange, Facts& facts) const override {
        facts.operation = sql::operation_of(statement_);
        if (const std::string table = sql::target_of(statement_); !table.empty()) {
            facts.target = table;
        }
        if (const Answer answer = answer_of(exchange); answer.error_code) {
            facts.error_type = fmt::format("{}", *answer.error_code);
            facts.outcome = facts.outcome == Outcome::ok ? Outcome::server_error : facts.outcome;
        }
    }

    void write_fields(const HttpExchange& exchange, FieldWriter& writer) const override {
        const Answer answer = answer_of(exchange);
        writer.begin_object("clickhouse");
        writer.text("operation", sql::operation_of(statement_));
        writer.text("query", statement_);
        write_known(writer, "database", database_);
        write_known(writer, "query_id", answer.query_id);
        write_known(writer, "read_rows", answer.read_rows);
        write_known(writer, "written_rows", answer.written_rows);
        write_known(writer, "result_rows", answer.result_rows);
        write_known(writer, "error_code", answer.error_code);
        write_known(writer, "error_message", error_message_);
        writer.end_object();
    }

    std::size_t held() const override {
        return sizeof(*this) + heap_bytes(statement_) + heap_bytes(database_) + heap_bytes(error_message_);
    }

  private:
    static constexpr std::size_t kMostText = 4096;  ///< bytes of a statement that are kept

    using Number = std::optional<std::int64_t>;
    /// What the header fields of the response say.
    struct Answer {
        std::string query_id;
        Number read_rows;
        Number written_rows;
        Number result_rows;
        Number error_code;
    };

    static Answer answer_of(const HttpExchange& exchange) {
        Answer answer;
        if (!exchange.response) {
            return answer;
        }
        const HttpHeaders& headers = exchange.response->headers;
        answer.query_id = kept_text(headers.find("X-ClickHouse-Query-Id").value_or(ByteView()));
        answer.error_code = number_of(headers.find("X-ClickHouse-Exception-Code").value_or(ByteView()));
        walk_json(headers.find("X-ClickHouse-Summary").value_or(ByteView()),
                  [&answer](std::string_view path, const JsonValue& value) {
                      if (path == "read_rows") {
                          answer.read_rows = number_of(value.text);
                      } else if (path == "written_rows") {
                          answer.written_rows = number_of(value.text);
                      } else if (path == "result_rows") {
                          answer.result_rows = number_of(value.text);
                      }
                  });
        return answer;
    }

    Bytes statement_;  ///< secrets overwritten
    std::string database_;
    std::string error_message_;
};

/// Its own header fields, or the parameters that belong to it alone.
bool is_clickhouse(const HttpRequest& request) {
    for (const auto field : request.headers) {
        constexpr std::string_view kOwn = "X-ClickHouse-";
        if (equals_ignore_case(field.name.substr(0, kOwn.size()), kOwn)) {
            return true;
        }
        if (equals_ignore_case(field.name, "User-Agent") && to_lower(field.value).contains("clickhouse")) {
            return true;
        }
    }
    return has_query(request.target, "query") &&
           (has_query(request.target, "default_format") || has_query(request.target, "query_id") ||
            has_query(request.target, "wait_end_of_query"));
}

}  // namespace

std::unique_ptr<HttpApi> create_clickhouse(const HttpRequest& request) {
    return is_clickhouse(request) ? std::make_unique<ClickHouse>(request) : nullptr;
}

std::span<const FieldSpec> clickhouse_fields() {
    return kFields;
}

}  // namespace sslsniff
