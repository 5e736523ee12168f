#pragma once

#include <sys/types.h>

#include <vector>

#include "base/output_stream.h"
#include "base/result.h"
#include "capture/discovery/planner.h"
#include "diagnosis/plan_report.h"

namespace sslsniff {

struct ListOptions {
    std::vector<pid_t> pids;  ///< empty: the whole host, and installed libraries that no process uses
    ReportFormat format = ReportFormat::text;
    bool verbose = false;  ///< in text, where each library is probed
};

/// `sslsniff list`: the TLS libraries of this host or of some processes, who uses them, and what cannot be
/// captured. Returns the exit status: 0 when there is something to capture, else 1. Errors are those of
/// `out`.
Result<int> run_list(const ListOptions& options, Planner& planner, OutputStream& out);

}  // namespace sslsniff
