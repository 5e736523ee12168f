// GraphQL over HTTP (graphql.github.io/graphql-over-http): an operation in a POST's JSON or in a GET's query.

#include "protocols/http_api/graphql.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "base/json_walk.h"
#include "base/memory.h"
#include "base/text.h"
#include "body/charset.h"
#include "protocols/http/http_exchange.h"
#include "protocols/http_api/api_fields.h"
#include "protocols/http_api/query_string.h"

namespace sslsniff {
namespace {

using enum FieldType;

constexpr auto kFields = std::to_array<FieldSpec>({
    {"graphql.kind", text},
    {"graphql.operation", text},
    {"graphql.batch", number},
    {"graphql.persisted", boolean},
    {"graphql.errors", number},
    {"graphql.error_code", text},
    {"graphql.error_message", text},
    {"graphql.partial", boolean},
});

bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Words, strings and punctuation of a document, one at a time (GraphQL October 2021, section 2.1).
class Tokens {
  public:
    explicit Tokens(std::string_view document) : left_(document) {}

    /// Empty at the end. Of a string: its first quote.
    std::string_view next() {
        skip_ignored();
        std::size_t length = left_.empty() ? 0 : 1;
        if (left_.starts_with('"')) {
            return skip_string();
        }
        while (length != 0 && is_name(left_.front()) && length < left_.size() && is_name(left_[length])) {
            ++length;
        }
        const std::string_view token = left_.substr(0, length);
        left_.remove_prefix(length);
        return token;
    }

  private:
    void skip_ignored() {
        constexpr std::string_view kIgnored = " \t\r\n,";
        while (!left_.empty()) {
            if (left_.front() == '#') {
                left_.remove_prefix(std::min(left_.find_first_of("\r\n"), left_.size()));
            } else if (kIgnored.contains(left_.front())) {
                left_.remove_prefix(1);
            } else {
                return;
            }
        }
    }
    std::string_view skip_string() {
        const std::string_view quote = left_.substr(0, 1);
        constexpr std::string_view kBlock = R"(""")";
        if (left_.starts_with(kBlock)) {
            const std::size_t end = left_.find(kBlock, kBlock.size());
            left_.remove_prefix(end == std::string_view::npos ? left_.size() : end + kBlock.size());
            return quote;
        }
        std::size_t at = 1;
        while (at < left_.size() && left_[at] != '"') {
            at += left_[at] == '\\' ? 2 : 1;
        }
        left_.remove_prefix(std::min(at + 1, left_.size()));
        return quote;
    }

    std::string_view left_;
};

struct Operation {
    std::string kind;  ///< "query", "mutation" or "subscription"
    std::string name;  ///< may be empty
};

/// The operation `wanted` of a document, or its first one when `wanted` is empty.
std::optional<Operation> find_operation(std::string_view document, std::string_view wanted) {
    Tokens tokens(document);
    std::size_t depth = 0;
    for (std::string_view token = tokens.next(); !token.empty(); token = tokens.next()) {
        if (token == "{") {
            if (depth++ == 0) {
                return Operation{"query", {}};  // the short form, which is the only operation then
            }
            continue;
        }
        const bool is_operation = token == "query" || token == "mutation" || token == "subscription";
        if (!is_operation && token != "fragment") {
            continue;
        }
        const std::string_view kind = token;
        token = tokens.next();
        const std::string_view name = !token.empty() && is_name(token.front()) ? token : std::string_view();
        if (is_operation && (wanted.empty() || wanted == name) && document.contains('{')) {
            return Operation{std::string(kind), kept_text(name)};
        }
        do {  // its definition is passed over
            depth += token == "{" ? 1 : 0;
            depth -= token == "}" && depth != 0 ? 1 : 0;
            if (token == "}" && depth == 0) {
                break;
            }
            token = tokens.next();
        } while (!token.empty());
    }
    return std::nullopt;
}

class GraphQl final : public HttpApi {
  public:
    explicit GraphQl(const HttpRequest& request) : is_get_(request.method == "GET") {
        if (is_get_) {
            document_ = query_value(request.target, "query").value_or("");
            name_ = kept_text(query_value(request.target, "operationName").value_or(""));
        }
    }

    bool on_request(ByteView body, Timestamp /*time*/) override {
        if (!is_get_ && !may_have_member(body, "\"query\"") && !may_have_member(body, "\"persistedQuery\"")) {
            return false;
        }
        if (!is_get_) {
            read_request(body);
        }
        const std::optional<Operation> operation = find_operation(document_, name_);
        document_ = {};
        if (operation) {
            kind_ = operation->kind;
            name_ = operation->name;
        }
        return operation || persisted_;
    }

    void on_response(ByteView body) override {
        walk_json(body, [this](std::string_view path, const JsonValue& value) {
            path.remove_prefix(path.starts_with("[].") ? 3 : 0);
            if (path == "errors[]") {
                ++errors_;
            } else if (path == "data") {
                has_data_ = has_data_ || value.kind != JsonValue::Kind::null;
            } else if (errors_ == 1 && path == "errors[].message" && value.is_text()) {
                message_ = kept_text(value.text);
            } else if (errors_ == 1 && path == "errors[].extensions.code" && value.is_text()) {
                code_ = kept_text(value.text);
            }
        });
    }

    void describe(const HttpExchange& /*exchange*/, Summary& summary) const override {
        summary.request += ' ' + title();
        if (errors_ != 0) {
            summary.response += errors_ == 1 ? ", 1 error" : ", " + std::to_string(errors_) + " errors";
            summary.response += message_.empty() ? "" : ": " + message_;
            summary.tone = blames_request() ? Summary::Tone::client_error : Summary::Tone::server_error;
        }
    }

    void add_facts(const HttpExchange& /*exchange*/, Facts& facts) const override {
        facts.operation = title();
        if (errors_ != 0) {
            facts.error_type = code_.empty() ? "graphql_error" : code_;
            facts.outcome = blames_request() ? Outcome::client_error : Outcome::server_error;
        }
    }

    void write_fields(const HttpExchange& /*exchange*/, FieldWriter& writer) const override {
        writer.begin_object("graphql");
        write_known(writer, "kind", kind_);
        write_known(writer, "operation", name_);
        if (batch_ != 0) {
            writer.number("batch", batch_);
        }
        write_if(writer, "persisted", persisted_);
        if (errors_ != 0) {
            writer.number("errors", errors_);
            writer.text("error_code", code_);
            writer.text("error_message", message_);
            writer.boolean("partial", has_data_);
        }
        writer.end_object();
    }

    std::size_t held() const override {
        return sizeof(*this) + heap_bytes(document_) + heap_bytes(kind_) + heap_bytes(name_) +
               heap_bytes(code_) + heap_bytes(message_);
    }

  private:
    void read_request(ByteView body) {
        walk_json(body, [this](std::string_view path, const JsonValue& value) {
            if (path == "[]" && value.kind == JsonValue::Kind::object) {
                ++batch_;
            }
            if (path.starts_with("[].")) {  // of a batch the first operation tells what it is
                path.remove_prefix(batch_ == 1 ? 3 : path.size());
            }
            if (path == "query" && value.is_text()) {
                document_ = value.text;
            } else if (path == "operationName" && value.is_text()) {
                name_ = kept_text(value.text);
            } else if (path == "extensions.persistedQuery.sha256Hash") {
                persisted_ = true;
            }
        });
    }

    std::string title() const {
        const std::string kind = kind_.empty() ? "operation" : kind_;
        return name_.empty() ? kind : kind + ' ' + name_;
    }
    bool blames_request() const {
        constexpr auto kServers = std::to_array<std::string_view>(
            {"INTERNAL_SERVER_ERROR", "INTERNAL", "DOWNSTREAM_SERVICE_ERROR", "TIMEOUT", "UNAVAILABLE"});
        return !code_.empty() && std::ranges::find(kServers, code_) == kServers.end();
    }

    bool is_get_;
    std::string document_;  ///< until the request is over
    std::string kind_;
    std::string name_;
    std::uint64_t batch_ = 0;  ///< operations; 0: it is no batch
    bool persisted_ = false;   ///< named by a hash
    std::uint64_t errors_ = 0;
    bool has_data_ = false;
    std::string code_;  ///< of the first error
    std::string message_;
};

}  // namespace

std::unique_ptr<HttpApi> create_graphql(const HttpRequest& request) {
    const std::string type = media_type(request.headers.find("Content-Type").value_or(ByteView()));
    const bool is_post = request.method == "POST" && type.ends_with("json");
    const bool is_get = request.method == "GET" && request.target.contains("graphql?");
    return is_post || is_get ? std::make_unique<GraphQl>(request) : nullptr;
}

std::span<const FieldSpec> graphql_fields() {
    return kFields;
}

}  // namespace sslsniff
