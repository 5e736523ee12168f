#pragma once

#include <ctime>

#include "model/time.h"

namespace sslsniff {

Timestamp clock_now(clockid_t clock);

/// The wall-clock time when CLOCK_MONOTONIC was 0: the best of a few readings.
Timestamp find_monotonic_zero();

}  // namespace sslsniff
