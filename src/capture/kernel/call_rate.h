#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

namespace sslsniff {

/// Whether probes that wait for a need cost anything, by how often they are executed. Where they hardly are,
/// they may stay: attaching them again takes longer than many handshakes. Does no I/O and reads no clock.
class CallRate {
  public:
    using Clock = std::chrono::nanoseconds;  ///< on CLOCK_MONOTONIC

    /// In a second. A call with its return costs its caller 1 to 5 us: that many, up to 0.2 % of a CPU.
    static constexpr std::uint64_t kFewCalls = 400;

    /// Whether there were more since the last time, as `calls` have been made by now. The first time: since
    /// the clock began, so hardly.
    bool is_high(Clock now, std::uint64_t calls) {
        const std::uint64_t made = calls - std::exchange(calls_, calls);
        const Clock passed = now - std::exchange(looked_, now);
        return made * 1000 > kFewCalls * static_cast<std::uint64_t>(passed / std::chrono::milliseconds(1));
    }

  private:
    Clock looked_{};
    std::uint64_t calls_ = 0;
};

}  // namespace sslsniff
