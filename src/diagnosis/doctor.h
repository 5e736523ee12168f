#pragma once

#include <sys/types.h>

#include <functional>
#include <vector>

#include "base/output_stream.h"
#include "base/result.h"
#include "capture/discovery/planner.h"
#include "capture/kernel/kernel_features.h"
#include "diagnosis/plan_report.h"
#include "diagnosis/traffic_watch.h"
#include "separation/rights.h"

namespace sslsniff {

struct DoctorOptions {
    std::vector<pid_t> pids;  ///< empty: the whole host
    ReportFormat format = ReportFormat::text;
    bool verbose = false;  ///< in text, where each library is probed, and what the kernel has
    /// Watches the traffic of `pids` for a while; empty: nothing is watched.
    std::function<Result<WatchedTraffic>()> watch;
    std::vector<ProcessRights> rights{};  ///< of the processes that a capture would consist of
};

/// `sslsniff doctor`: what the kernel offers, which backends are chosen, where each library would be probed,
/// why things cannot be captured, and what was said while it watched. Returns the exit status: 0 when capture
/// would work (of every process asked for), else 1. Errors are those of `out` and of the watching.
Result<int> run_doctor(const DoctorOptions& options, const KernelFeatures& kernel, Planner& planner,
                       OutputStream& out);

}  // namespace sslsniff
