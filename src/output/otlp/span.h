#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "model/time.h"
#include "model/trace_ids.h"

namespace sslsniff {

/// Texts may be hostile bytes; the encoding makes them UTF-8, and cuts them.
using AttributeValue = std::variant<Bytes, std::int64_t, double, bool, std::vector<Bytes>>;
struct SpanAttribute {
    std::string_view name;  ///< of a table: lives as long as the program
    AttributeValue value;
};

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
    std::vector<SpanAttribute> attributes;

    bool has(std::string_view attribute) const {
        return std::ranges::find(attributes, attribute, &SpanAttribute::name) != attributes.end();
    }
    void add(std::string_view attribute, AttributeValue value) {
        attributes.push_back({attribute, std::move(value)});
    }
    /// Unless it is empty.
    void add_known(std::string_view attribute, ByteView text) {
        if (!text.empty()) {
            add(attribute, Bytes(text));
        }
    }
};

}  // namespace sslsniff
