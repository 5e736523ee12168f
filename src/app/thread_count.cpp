#include "app/thread_count.h"

#include <algorithm>
#include <thread>

namespace sslsniff {
namespace {

/// More have nothing to do: one thread understands what is captured, which takes a quarter of the time or
/// more (docs/performance.md).
constexpr unsigned kMostOfUse = 4;

}  // namespace

unsigned thread_count(const Options& options, unsigned cpus) {
    if (options.threads != 0) {
        return options.threads;
    }
    return std::clamp(options.live() ? cpus / 2 : cpus, 1U, kMostOfUse);
}

unsigned usable_cpus() {
    return std::max(std::thread::hardware_concurrency(), 1U);
}

}  // namespace sslsniff
