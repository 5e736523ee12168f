#pragma once

#include <chrono>
#include <cstdint>

namespace sslsniff {

/// Decides whether the probes of the TLS libraries are there for everybody who uses them, or for each
/// captured process alone, which costs others nothing but misses the first moments of a child. So they are
/// for everybody from the beginning, until others pass so many that it costs them something. Does no I/O and
/// reads no clock.
class ProbeScope {
  public:
    using Clock = std::chrono::nanoseconds;  ///< on CLOCK_MONOTONIC

    /// How long nobody may have come before the probes become those of single processes: at first, and at
    /// most. Doubled each time that somebody comes soon after.
    static constexpr std::chrono::seconds kShortestCalm{10};
    static constexpr std::chrono::seconds kLongestCalm{640};

    /// Calls of others in a second, from which on the probes become those of single processes. Each costs its
    /// caller 1 to 5 us: that many cost less than half a percent of a CPU.
    static constexpr std::uint64_t kFewCalls = 1000;

    bool for_everybody() const { return everybody_; }

    /// The capture begins, with probes for everybody. Nobody is waited for.
    void open() { everybody_ = true; }
    /// A process is to be captured that may have no probes. True when they have to be for everybody from now
    /// on.
    bool on_arrival(Clock now);
    /// It cannot be had otherwise at the moment: looks again when it has been calm for a while.
    void postpone(Clock now) { on_arrival(now); }
    /// Whether each process should get its own: others pay, as processes that are not captured have made
    /// `calls` by now since the capture began, and nobody has come for long enough.
    bool is_to_separate(Clock now, std::uint64_t calls);
    /// Each process has its own.
    void on_separated(Clock now);

  private:
    bool everybody_ = false;
    Clock calm_{};
    Clock last_arrival_{};
    Clock last_look_{};
    std::uint64_t last_calls_ = 0;
    Clock separated_at_{};
};

}  // namespace sslsniff
