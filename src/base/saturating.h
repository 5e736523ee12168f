#pragma once

#include <concepts>
#include <limits>

namespace sslsniff {

/// The sum, or the greatest value when it is beyond that: counters of what peers send never wrap.
template <std::unsigned_integral T>
constexpr T saturating_sum(T a, T b) {
    return b > std::numeric_limits<T>::max() - a ? std::numeric_limits<T>::max() : static_cast<T>(a + b);
}

/// Adds `by` to `counter`, which stops at its greatest value.
template <std::unsigned_integral T>
constexpr void add_saturating(T& counter, T by) {
    counter = saturating_sum(counter, by);
}

}  // namespace sslsniff
