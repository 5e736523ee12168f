#include "output/stat/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

namespace sslsniff {
namespace {

constexpr unsigned kBits = 6;
constexpr std::uint64_t kBuckets = 1U << kBits;  // for each power of two

std::size_t bucket_of(std::uint64_t value) {
    if (value < kBuckets) {
        return value;
    }
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - kBits - 1;
    return (shift + 1) * kBuckets + ((value >> shift) - kBuckets);
}

/// The greatest value of a bucket.
std::uint64_t end_of(std::size_t bucket) {
    if (bucket < kBuckets) {
        return bucket;
    }
    const std::size_t shift = bucket / kBuckets - 1;
    return ((bucket % kBuckets + kBuckets + 1) << shift) - 1;
}

}  // namespace

void Histogram::add(Duration duration) {
    const Duration value = std::max(duration, Duration::zero());
    const std::size_t bucket = bucket_of(static_cast<std::uint64_t>(value.count()));
    if (bucket >= buckets_.size()) {
        buckets_.resize(bucket + 1);
    }
    ++buckets_[bucket];
    least_ = count_ == 0 ? value : std::min(least_, value);
    greatest_ = std::max(greatest_, value);
    ++count_;
    sum_ += static_cast<long double>(value.count());
}

void Histogram::add(const Histogram& other) {
    if (other.count_ == 0) {
        return;
    }
    buckets_.resize(std::max(buckets_.size(), other.buckets_.size()));
    std::ranges::transform(other.buckets_, buckets_, buckets_.begin(), std::plus());
    least_ = count_ == 0 ? other.least_ : std::min(least_, other.least_);
    greatest_ = std::max(greatest_, other.greatest_);
    count_ += other.count_;
    sum_ += other.sum_;
}

Duration Histogram::mean() const {
    return count_ == 0 ? Duration()
                       : Duration(static_cast<Duration::rep>(sum_ / static_cast<long double>(count_)));
}

Duration Histogram::quantile(double share) const {
    const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
    std::uint64_t passed = 0;
    for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
        passed += buckets_[bucket];
        if (passed >= wanted && passed != 0) {
            return std::clamp(Duration(static_cast<Duration::rep>(end_of(bucket))), least_, greatest_);
        }
    }
    return greatest_;
}

}  // namespace sslsniff
