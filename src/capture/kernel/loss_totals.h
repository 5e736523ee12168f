#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "model/event.h"

namespace sslsniff {

/// Makes increments of totals: the kernel counts since the beginning, LossEvents since the last one.
class LossTotals {
  public:
    /// What is new of a cause, if there is anything. A total that shrank is of counters that went with what
    /// they belonged to: it tells nothing.
    std::optional<LossEvent> take(LossCause cause, std::uint64_t events, std::uint64_t bytes, Timestamp time);

  private:
    struct Counts {
        std::uint64_t events = 0;
        std::uint64_t bytes = 0;
    };
    std::map<LossCause, Counts> told_;
};

}  // namespace sslsniff
