#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sslsniff {

using TraceId = std::array<std::uint8_t, 16>;  ///< never all zero
using SpanId = std::array<std::uint8_t, 8>;    ///< never all zero

/// What a request says of the trace that it belongs to.
struct TraceParent {
    TraceId trace{};
    SpanId span{};
    std::uint8_t flags = 0;
};

/// The value of "traceparent" (W3C Trace Context, section 3.2): version 00, or what a later one begins with.
/// Nothing when it is not of that form.
std::optional<TraceParent> parse_traceparent(std::string_view value);

/// The trace id in the value of "b3", TRACE-SPAN-SAMPLED-PARENT, or of "X-B3-TraceId"
/// (openzipkin/b3-propagation): 16 or 32 hexadecimal digits. Nothing when there is none: "b3: 0" only says
/// that the request is not sampled.
std::optional<TraceId> parse_b3(std::string_view value);

/// By what a request can be told to belong to another one: programs pass these on. They come from peers, and
/// prove nothing.
struct TraceIds {
    static constexpr std::size_t kMaxRequestId = 128;

    std::optional<TraceId> trace_parent;  ///< of "traceparent"
    std::optional<TraceId> b3;
    std::string request;      ///< "X-Request-Id", not more than kMaxRequestId bytes; empty: none
    std::string correlation;  ///< "X-Correlation-Id", the same

    bool empty() const { return !trace_parent && !b3 && request.empty() && correlation.empty(); }
};

}  // namespace sslsniff
