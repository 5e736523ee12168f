#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "model/process.h"
#include "output/otlp/span.h"

namespace sslsniff {

/// Numbers of fields in OTLP's messages (opentelemetry-proto 1.5: trace.proto, common.proto, resource.proto,
/// trace_service.proto).
namespace otlp {
// ExportTraceServiceRequest, ExportMetricsServiceRequest
inline constexpr std::uint32_t kResourceGroups = 1;
// ResourceSpans, ResourceMetrics
inline constexpr std::uint32_t kResource = 1;
inline constexpr std::uint32_t kScopeGroups = 2;
// ScopeSpans, ScopeMetrics
inline constexpr std::uint32_t kScope = 1;
inline constexpr std::uint32_t kItems = 2;
inline constexpr std::uint32_t kSchemaUrl = 3;
// Span
inline constexpr std::uint32_t kSpanAttributes = 9;
// InstrumentationScope
inline constexpr std::uint32_t kScopeName = 1;
inline constexpr std::uint32_t kScopeVersion = 2;
inline constexpr std::string_view kSchema = "https://opentelemetry.io/schemas/1.44.0";
}  // namespace otlp

/// Texts longer than this, in bytes, are cut.
inline constexpr std::size_t kLongestAttribute = 4096;

/// What is said of the host as a whole: "host.name", and what the user adds.
using ResourceAttributes = std::vector<std::pair<std::string, std::string>>;

/// A message Resource: the process that was captured, and the host. A process that is none (its pid is 0,
/// of foreign captures and losses) is sslsniff itself by name.
Bytes encode_resource(const ProcessInfo& process, const ResourceAttributes& host);

/// Appends what is in a message Span.
void encode_span(const Span& span, Bytes& out);

/// A field of `tag` that holds a message InstrumentationScope: sslsniff and its version.
void append_scope(Bytes& scope_group);

/// Appends a field that holds bytes: a message, a text.
void append_field(Bytes& message, std::uint32_t tag, ByteView content);
// The same of a message KeyValue. Texts become what attribute_text() makes of them.
void append_attribute(Bytes& message, std::uint32_t tag, std::string_view name, ByteView text);
void append_attribute(Bytes& message, std::uint32_t tag, std::string_view name, std::int64_t number);
void append_attribute(Bytes& message, std::uint32_t tag, std::string_view name, double number);
void append_attribute(Bytes& message, std::uint32_t tag, std::string_view name, bool truth);
void append_attribute(Bytes& message, std::uint32_t tag, std::string_view name,
                      const std::vector<Bytes>& texts);
/// It would become a bool.
void append_attribute(Bytes& message, std::uint32_t tag, std::string_view name, const char* text) = delete;

/// `bytes` as a text of protobuf, which is UTF-8: U+FFFD for what is not; at most kLongestAttribute bytes.
std::string attribute_text(ByteView bytes);

}  // namespace sslsniff
