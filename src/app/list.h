#pragma once

#include "app/plan_report.h"
#include "base/output_stream.h"
#include "base/result.h"
#include "capture/discovery/planner.h"

namespace sslsniff {

struct ListOptions {
    ReportFormat format = ReportFormat::text;
};

/// `sslsniff list`: the TLS libraries of this host, who uses them, and what cannot be captured. Returns the
/// exit status: 0 when there is something to capture, else 1. Errors are those of `out`.
Result<int> run_list(const ListOptions& options, Planner& planner, OutputStream& out);

}  // namespace sslsniff
