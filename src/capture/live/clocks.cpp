#include "capture/live/clocks.h"

namespace sslsniff {

Timestamp clock_now(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return Timestamp(std::chrono::seconds(now.tv_sec) + Duration(now.tv_nsec));
}

std::chrono::nanoseconds monotonic_now() {
    return clock_now(CLOCK_MONOTONIC).time_since_epoch();
}

Timestamp find_monotonic_zero() {
    Timestamp zero;
    Duration best = Duration::max();
    for (int i = 0; i < 5; i++) {
        const Timestamp before = clock_now(CLOCK_MONOTONIC);
        const Timestamp wall = clock_now(CLOCK_REALTIME);
        const Duration taken = clock_now(CLOCK_MONOTONIC) - before;
        if (taken < best) {
            best = taken;
            zero = Timestamp(wall.time_since_epoch() - before.time_since_epoch() - taken / 2);
        }
    }
    return zero;
}

}  // namespace sslsniff
