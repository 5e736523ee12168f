#include <fmt/format.h>

#include <array>

#include "output/otlp/span_convention.h"

namespace sslsniff {
namespace {

constexpr auto kMessageLooks = std::to_array<std::string_view>({"message.type", "message.from"});

/// "dns.question.name" is of the registry of attributes; there are no conventions for its spans.
void complete_dns(const SpanSource& source, Span& span) {
    span.attributes.add_known("dns.question.name", source.facts().target);
    span.attributes.add_known("sslsniff.operation", source.facts().operation);
    add_server(source, {}, span);
    span.name = source.facts().operation.empty() ? "DNS" : fmt::format("DNS {}", source.facts().operation);
}

void complete_stream_message(const SpanSource& source, Span& span) {
    span.attributes.add_known("url.full", source.facts().target);
    span.attributes.add_known("sslsniff.message.from", source.text("message.from"));
    span.attributes.add_known("sslsniff.operation", source.facts().operation);
    add_server(source, {}, span);
    span.name = fmt::format("{} {}", source.system(), source.facts().operation);
}

/// What has no convention of its own.
void complete_any(const SpanSource& source, Span& span) {
    span.attributes.add_known("sslsniff.operation", source.facts().operation);
    add_server(source, {}, span);
    const std::string_view protocol = source.transaction().exchange->protocol();
    span.name = source.facts().operation.empty() ? std::string(protocol)
                                                 : fmt::format("{} {}", protocol, source.facts().operation);
}

constexpr auto kConventions = std::to_array<SpanConvention>({
    {"dns", "dns", {}, {}, complete_dns},
    {"websocket", "websocket", {}, kMessageLooks, complete_stream_message},
    {"sse", "sse", {}, kMessageLooks, complete_stream_message},
    {"", "", {}, {}, complete_any},
});

}  // namespace

std::span<const SpanConvention> other_conventions() {
    return kConventions;
}

}  // namespace sslsniff
