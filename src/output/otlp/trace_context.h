#pragma once

#include <array>
#include <cstdint>
#include <random>

#include "model/trace_ids.h"
#include "model/transaction.h"

namespace sslsniff {

/// Makes ids that nobody else has, as far as its seed is random.
class SpanIds {
  public:
    explicit SpanIds(std::seed_seq& seed);
    TraceId trace();
    SpanId span();
    /// Those of a transaction are always the same, so that they are known before it is over.
    TraceId trace_of(const TransactionId& transaction) const;
    SpanId span_of(const TransactionId& transaction) const;

  private:
    std::mt19937_64 random_;
    std::array<std::uint64_t, 3> keys_;
};

}  // namespace sslsniff
