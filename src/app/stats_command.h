#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/messages.h"
#include "base/output_stream.h"
#include "base/result.h"
#include "model/time.h"

namespace sslsniff {

/// `sslsniff stats`: asks a running capture, or tells it what to do (docs/stats.md).
struct StatsCommand {
    std::vector<std::string> words;  ///< [PID|SOCKET] [stop|start|set filter EXPR|set where EXPR]
    bool json = false;
    std::optional<Duration> every;  ///< again and again
};

/// The exit status. With `every` it goes on until the capture ends, or somebody ends it.
Result<int> run_stats(const StatsCommand& command, OutputStream& out, Messages& messages);

}  // namespace sslsniff
