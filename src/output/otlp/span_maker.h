#pragma once

#include <map>
#include <string_view>

#include "model/transaction.h"
#include "output/otlp/span.h"
#include "output/otlp/span_convention.h"
#include "output/otlp/trace_context.h"

namespace sslsniff {

/// Makes spans of what was seen, one for each exchange: of the semantic conventions that are for its
/// protocol, and what sslsniff knows besides, as docs/otlp.md lists it. The parent of a span is the one that
/// the request carried in "traceparent", on either end of the connection; without, that of the request that
/// caused it (Transaction::caused_by); else the span is the first of its trace.
class SpanMaker {
  public:
    explicit SpanMaker(const SpanIds& ids);

    Span make(const Transaction& transaction);
    /// Of what the capture lost: an instant.
    Span make(const LossEvent& loss);

  private:
    PreparedConvention& convention_of(std::string_view protocol);

    SpanIds ids_;
    std::map<std::string_view, PreparedConvention> conventions_;
};

}  // namespace sslsniff
