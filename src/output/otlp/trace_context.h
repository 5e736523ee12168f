#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string_view>

#include "output/otlp/span.h"

namespace sslsniff {

/// What a request says of the trace that it belongs to.
struct TraceParent {
    TraceId trace{};
    SpanId span{};
    std::uint8_t flags = 0;
};

/// The value of "traceparent" (W3C Trace Context, section 3.2): version 00, or what a later one begins with.
/// Nothing when it is not of that form.
std::optional<TraceParent> parse_traceparent(std::string_view value);

/// Makes ids that nobody else has, as far as its seed is random.
class SpanIds {
  public:
    explicit SpanIds(std::seed_seq& seed) : random_(seed) {}
    TraceId trace();
    SpanId span();

  private:
    std::mt19937_64 random_;
};

}  // namespace sslsniff
