#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/time.h"

namespace sslsniff {

/// Durations, counted in buckets each of which is 1/64 of its value wide: quantiles are at most 1.6 % too
/// great, whatever came. Grows with the greatest one, up to 15 KB.
class Histogram {
  public:
    /// Negative ones count as 0.
    void add(Duration duration);
    /// All of another one.
    void add(const Histogram& other);

    std::uint64_t count() const { return count_; }
    // All 0 when nothing was added.
    Duration least() const { return least_; }
    Duration greatest() const { return greatest_; }
    Duration mean() const;
    /// The duration that `share` of all, 0 to 1, do not exceed.
    Duration quantile(double share) const;

  private:
    std::vector<std::uint32_t> buckets_;
    std::uint64_t count_ = 0;
    long double sum_ = 0;  ///< nanoseconds
    Duration least_{};
    Duration greatest_{};
};

}  // namespace sslsniff
