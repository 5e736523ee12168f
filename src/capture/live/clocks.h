#pragma once

#include <chrono>
#include <ctime>

#include "model/time.h"

namespace sslsniff {

Timestamp clock_now(clockid_t clock);

/// CLOCK_MONOTONIC, as the kernel side stamps what it tells.
std::chrono::nanoseconds monotonic_now();

/// The wall-clock time when CLOCK_MONOTONIC was 0: the best of a few readings.
Timestamp find_monotonic_zero();

}  // namespace sslsniff
