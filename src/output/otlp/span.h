#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "model/time.h"
#include "model/trace_ids.h"
#include "output/otlp/span_attributes.h"

namespace sslsniff {

/// OpenTelemetry's, with the numbers of trace.proto (opentelemetry-proto 1.5).
enum class SpanKind : std::uint8_t {
    unspecified = 0,
    internal = 1,
    server = 2,
    client = 3,
    producer = 4,
    consumer = 5
};

/// One exchange as OpenTelemetry has it.
struct Span {
    TraceId trace{};
    SpanId id{};
    std::optional<SpanId> parent;  ///< whose request carried its id
    Bytes trace_state;             ///< as the request carried it
    std::uint8_t flags = 0;        ///< of W3C Trace Context; 1: sampled
    std::string name;
    SpanKind kind = SpanKind::unspecified;
    Timestamp start;
    Timestamp end;
    bool failed = false;  ///< status ERROR; else unset
    SpanAttributes attributes;
};

}  // namespace sslsniff
