#include <array>

#include "output/otlp/span_convention.h"

namespace sslsniff {
namespace {

// docs/rpc/grpc.md
constexpr auto kGrpcRules = std::to_array<FieldRule>({
    {"grpc.status_name", "rpc.response.status_code"},
    {"connect.error", "rpc.response.status_code"},
    {"request.headers.user-agent", "user_agent.original"},
});
constexpr auto kGrpcLooks = std::to_array<std::string_view>({
    "request.host",
    "request.headers.traceparent",
    "request.headers.tracestate",
    "message.type",
});
// docs/rpc/dubbo.md
constexpr auto kDubboRules =
    std::to_array<FieldRule>({{"response.dubbo_status", "rpc.response.status_code"}});
constexpr std::array<FieldRule, 0> kThriftRules{};

/// Also of the messages of streams, which are exchanges of their own.
void complete_rpc(const SpanSource& source, Span& span) {
    span.attributes.add("rpc.system.name", source.system());
    span.attributes.add_known("rpc.method", source.facts().operation);
    add_server(source, source.text("request.host"), span);
    span.name = source.facts().operation.empty() ? std::string(source.system()) : source.facts().operation;
}

void complete_grpc(const SpanSource& source, Span& span) {
    if (!source.has("message.type")) {
        complete_rpc(source, span);
        return;
    }
    span.attributes.add("rpc.system.name", source.system());
    span.attributes.add_known("url.full", source.facts().target);
    add_server(source, {}, span);
    span.name = std::string(source.system()) + " message";
}

constexpr auto kConventions = std::to_array<SpanConvention>({
    {"grpc", "grpc", kGrpcRules, kGrpcLooks, complete_grpc},
    {"connect", "connectrpc", kGrpcRules, kGrpcLooks, complete_grpc},
    {"dubbo", "dubbo", kDubboRules, {}, complete_rpc},
    {"thrift", "apache_thrift", kThriftRules, {}, complete_rpc},
});

}  // namespace

std::span<const SpanConvention> rpc_conventions() {
    return kConventions;
}

}  // namespace sslsniff
