// Elasticsearch and OpenSearch: their REST endpoints, told by the part of the path that begins with "_".

#include "protocols/http_api/search_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "base/json_walk.h"
#include "base/memory.h"
#include "base/url.h"
#include "body/charset.h"
#include "protocols/http/http_exchange.h"
#include "protocols/http_api/api_fields.h"
#include "protocols/http_api/query_string.h"

namespace sslsniff {
namespace {

using enum FieldType;

constexpr auto kFields = std::to_array<FieldSpec>({
    {"elasticsearch.operation", text},
    {"elasticsearch.index", text},
    {"elasticsearch.took_ms", number},
    {"elasticsearch.hits", number},
    {"elasticsearch.items", number},
    {"elasticsearch.failed_items", number},
    {"elasticsearch.timed_out", boolean},
    {"elasticsearch.error_type", text},
    {"elasticsearch.error_message", text},
});

/// What stands behind an index or at the beginning of the path.
constexpr auto kEndpoints = std::to_array<std::string_view>({
    "_search",
    "_doc",
    "_create",
    "_update",
    "_bulk",
    "_count",
    "_msearch",
    "_mget",
    "_source",
    "_delete_by_query",
    "_update_by_query",
    "_reindex",
    "_refresh",
    "_mapping",
    "_settings",
    "_aliases",
    "_alias",
    "_cat",
    "_cluster",
    "_nodes",
    "_index_template",
    "_template",
    "_ingest",
    "_tasks",
    "_field_caps",
    "_pit",
    "_async_search",
    "_sql",
    "_security",
    "_snapshot",
    "_analyze",
    "_validate",
    "_explain",
    "_termvectors",
    "_scripts",
    "_stats",
    "_flush",
    "_forcemerge",
});

class SearchEngine final : public HttpApi {
  public:
    SearchEngine(std::string_view operation, std::string_view index)
        : operation_(operation), index_(kept_text(index)) {}

    bool on_request(ByteView /*body*/, Timestamp /*time*/) override { return true; }

    void on_response(ByteView body) override {
        walk_json(body, [this](std::string_view path, const JsonValue& value) {
            if (path == "took") {
                took_ = value.integer();
            } else if (path == "hits.total.value" || path == "hits.total" || path == "count") {
                hits_ = value.integer() ? value.integer() : hits_;
            } else if (path == "timed_out") {
                timed_out_ = value.is_true();
            } else if (path == "items[]") {
                ++items_;
            } else if (path.starts_with("items[].") && path.ends_with(".error.type")) {
                ++failed_items_;
                keep(error_type_, value);
            } else if (path == "error.type") {
                keep(error_type_, value);
            } else if (is_reason(path)) {
                keep(error_message_, value);
            }
        });
    }

    void describe(const HttpExchange& /*exchange*/, Summary& summary) const override {
        if (hits_) {
            summary.response += fmt::format(", {} hit{}", *hits_, *hits_ == 1 ? "" : "s");
        }
        if (items_ != 0) {
            summary.response += fmt::format(", {} item{}", items_, items_ == 1 ? "" : "s");
        }
        if (failed_items_ != 0) {
            summary.response += fmt::format(", {} failed", failed_items_);
            summary.tone = Summary::Tone::server_error;
        }
        if (!error_type_.empty()) {
            summary.response += ", " + error_type_ + (error_message_.empty() ? "" : ": " + error_message_);
        }
    }

    void add_facts(const HttpExchange& /*exchange*/, Facts& facts) const override {
        facts.operation = operation_;
        facts.target = index_.empty() ? facts.target : index_;
        if (!error_type_.empty()) {
            facts.error_type = error_type_;
            facts.outcome = facts.outcome == Outcome::ok ? Outcome::server_error : facts.outcome;
        }
    }

    void write_fields(const HttpExchange& /*exchange*/, FieldWriter& writer) const override {
        writer.begin_object("elasticsearch");
        writer.text("operation", operation_);
        write_known(writer, "index", index_);
        write_known(writer, "took_ms", took_);
        write_known(writer, "hits", hits_);
        if (items_ != 0) {
            writer.number("items", items_);
            writer.number("failed_items", failed_items_);
        }
        write_if(writer, "timed_out", timed_out_);
        write_known(writer, "error_type", error_type_);
        write_known(writer, "error_message", error_message_);
        writer.end_object();
    }

    std::size_t held() const override {
        return sizeof(*this) + heap_bytes(operation_) + heap_bytes(index_) + heap_bytes(error_type_) +
               heap_bytes(error_message_);
    }

  private:
    /// Of a request, of an item, or of a document that is not there.
    static bool is_reason(std::string_view path) {
        return path == "error" || path == "error.reason" ||
               (path.starts_with("items[].") && path.ends_with(".error.reason"));
    }
    /// The first one counts.
    static void keep(std::string& text, const JsonValue& value) {
        if (text.empty() && value.is_text()) {
            text = kept_text(value.text);
        }
    }

    std::string operation_;  ///< without the underscore
    std::string index_;      ///< or several; empty: of all
    std::optional<std::int64_t> took_;
    std::optional<std::int64_t> hits_;
    std::uint64_t items_ = 0;  ///< of a bulk request
    std::uint64_t failed_items_ = 0;
    bool timed_out_ = false;
    std::string error_type_;
    std::string error_message_;
};

bool is_endpoint(std::string_view segment) {
    return std::ranges::find(kEndpoints, segment) != kEndpoints.end();
}

}  // namespace

std::unique_ptr<HttpApi> create_search_engine(const HttpRequest& request) {
    std::string_view path = path_of(request.target);
    path.remove_prefix(path.starts_with('/') ? 1 : 0);
    const std::string_view first = path.substr(0, path.find('/'));
    const std::string_view rest = path.substr(std::min(first.size() + 1, path.size()));
    const std::string_view second = rest.substr(0, rest.find('/'));
    if (is_endpoint(first)) {
        return std::make_unique<SearchEngine>(first.substr(1), std::string_view());
    }
    return !first.empty() && is_endpoint(second) ? std::make_unique<SearchEngine>(second.substr(1), first)
                                                 : nullptr;
}

std::span<const FieldSpec> search_engine_fields() {
    return kFields;
}

}  // namespace sslsniff
