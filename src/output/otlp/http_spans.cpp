#include <algorithm>
#include <array>
#include <cstdint>

#include "base/url.h"
#include "output/otlp/span_convention.h"

namespace sslsniff {
namespace {

using Form = FieldRule::Form;

// docs/http/http-spans.md; what the APIs inside HTTP say has names of its own.
constexpr auto kRules = std::to_array<FieldRule>({
    {"response.status", "http.response.status_code"},
    {"request.headers.user-agent", "user_agent.original"},
    {"gen_ai.operation", "gen_ai.operation.name"},
    {"gen_ai.request_model", "gen_ai.request.model"},
    {"gen_ai.response_model", "gen_ai.response.model"},
    {"gen_ai.response_id", "gen_ai.response.id"},
    {"gen_ai.input_tokens", "gen_ai.usage.input_tokens"},
    {"gen_ai.output_tokens", "gen_ai.usage.output_tokens"},
    {"gen_ai.finish_reason", "gen_ai.response.finish_reasons", Form::all},
    {"graphql.kind", "graphql.operation.type"},
    {"graphql.operation", "graphql.operation.name"},
    {"jsonrpc.id", "jsonrpc.request.id", Form::text},
    {"clickhouse.query", "db.query.text", Form::statement},
    {"clickhouse.database", "db.namespace"},
    {"elasticsearch.index", "db.collection.name"},
    {"s3.bucket", "aws.s3.bucket"},
    {"s3.key", "aws.s3.key"},
});
constexpr auto kLooks = std::to_array<std::string_view>({
    "request.method",
    "request.target",
    "request.url",
    "request.host",
    "request.version",
    "response.version",
    "request.headers.traceparent",
    "request.headers.tracestate",
    "grpc.service",
    "grpc.status_name",
    "jsonrpc.method",
    "elasticsearch.operation",
    "clickhouse.operation",
    "s3.operation",
});

/// RFC 9110, PATCH (RFC 5789) and QUERY: what is not among them is "_OTHER".
constexpr auto kMethods = std::to_array<std::string_view>(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"});

void add_method(const SpanSource& source, Span& span) {
    const ByteView method = source.text("request.method");
    if (method.empty()) {
        span.name = "HTTP";  // only the response was seen
        return;
    }
    const bool is_known = std::ranges::binary_search(kMethods, method);
    span.name = is_known ? method : "HTTP";
    span.attributes.add("http.request.method", is_known ? method : "_OTHER");
    if (!is_known) {
        span.attributes.add("http.request.method_original", method);
    }
}

void add_url(const SpanSource& source, Span& span) {
    const ByteView url = source.text("request.url");
    if (!source.is_server()) {
        span.attributes.add_known("url.full", url);
        return;
    }
    const std::size_t colon = url.find("://");
    if (colon != ByteView::npos) {
        span.attributes.add("url.scheme", url.substr(0, colon));
    }
    const ByteView path = path_of(url);
    span.attributes.add_known("url.path", path.empty() ? source.text("request.target") : path);
    const ByteView before_fragment = url.substr(0, url.find('#'));
    if (const std::size_t query = before_fragment.find('?'); query != ByteView::npos) {
        span.attributes.add_known("url.query", before_fragment.substr(query + 1));
    }
}

void add_peer_client(const SpanSource& source, Span& span) {
    if (!source.is_server()) {
        return;
    }
    const ConnectionInfo& connection = source.connection();
    const Endpoint& client = connection.tunnel && connection.tunnel->client.port != 0
                                 ? connection.tunnel->client
                                 : connection.endpoints.remote;
    span.attributes.add_known("client.address", to_string(client.address));
    if (client.port != 0) {
        span.attributes.add("client.port", std::int64_t{client.port});
    }
}

void complete_http(const SpanSource& source, Span& span) {
    add_method(source, span);
    add_url(source, span);
    add_server(source, source.text("request.host"), span);
    add_peer_client(source, span);
    span.attributes.add("network.protocol.name", "http");
    ByteView version = source.text("request.version");
    version = version.empty() ? source.text("response.version") : version;
    if (const std::size_t slash = version.find('/'); slash != ByteView::npos) {
        span.attributes.add_known("network.protocol.version", version.substr(slash + 1));
    }
    span.attributes.add("http.request.body.size", static_cast<std::int64_t>(source.facts().request_bytes));
    span.attributes.add("http.response.body.size", static_cast<std::int64_t>(source.facts().response_bytes));
    if (const ByteView api = source.text("elasticsearch.operation"); !api.empty()) {
        span.attributes.add("db.system.name", "elasticsearch");
        span.attributes.add("db.operation.name", api);
    }
    if (const ByteView api = source.text("clickhouse.operation"); !api.empty()) {
        span.attributes.add("db.system.name", "clickhouse");
        span.attributes.add("db.operation.name", api);
    }
    if (const ByteView method = source.text("jsonrpc.method"); !method.empty()) {
        span.attributes.add("rpc.system.name", "jsonrpc");
        span.attributes.add("rpc.method", method);
    }
    if (source.facts().operation != source.text("request.method")) {
        span.attributes.add_known("sslsniff.operation", source.facts().operation);
    }
}

constexpr auto kConventions = std::to_array<SpanConvention>({
    {"http/1.0", "http", kRules, kLooks, complete_http},
    {"http/1.1", "http", kRules, kLooks, complete_http},
    {"h2", "http", kRules, kLooks, complete_http},
});

}  // namespace

std::span<const SpanConvention> http_conventions() {
    return kConventions;
}

}  // namespace sslsniff
