#pragma once

#include <chrono>
#include <cstdint>

#include "capture/live/capture_programs.h"

namespace sslsniff {

/// Removes from the kernel's map what processes left in it that ended, or began another image, with SSL
/// objects that they had not freed and nobody was told of: such entries would stay for good. Connections that
/// were told of and not closed are the decoder's, which ends them by its own records.
class LeftConnections {
  public:
    explicit LeftConnections(const CapturePrograms& programs) : programs_(programs) {}

    /// Looks whether there is anything, at most every 250 ms, and goes through the map only then. The count
    /// that it looks at does not pass the ring, so nothing is missed when that is full.
    void sweep();

  private:
    using Clock = std::chrono::steady_clock;

    const CapturePrograms& programs_;
    std::uint64_t swept_ = 0;  ///< of capture_counters::left_behind
    Clock::time_point next_;
};

}  // namespace sslsniff
