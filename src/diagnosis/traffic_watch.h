#pragma once

#include <sys/types.h>

#include <vector>

#include "base/result.h"
#include "diagnosis/traffic_tally.h"
#include "engine/notices.h"
#include "model/time.h"

namespace sslsniff {

struct WatchedTraffic {
    Duration duration{0};
    std::vector<ProcessTraffic> processes;  ///< that said something; by pid
    std::uint64_t lost_events = 0;
};

/// Captures what these processes and their children say for `duration`, until they end, or until a signal.
/// Errors are those of LiveSession::open.
Result<WatchedTraffic> watch_traffic(const std::vector<pid_t>& pids, Duration duration, Notices& notices);

}  // namespace sslsniff
