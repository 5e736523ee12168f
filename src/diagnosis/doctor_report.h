#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/output_stream.h"
#include "capture/discovery/attach_plan.h"
#include "capture/discovery/proc_fs.h"
#include "capture/kernel/kernel_features.h"
#include "diagnosis/traffic_watch.h"
#include "separation/rights.h"

namespace sslsniff {

/// What `sslsniff doctor` found out, before anything was watched.
struct Diagnosis {
    KernelFeatures kernel;
    AttachPlan plan;
    std::vector<std::string> notes;      ///< what else matters of the processes asked for, one sentence each
    std::vector<std::string> obstacles;  ///< one sentence each; empty: capture works
    std::vector<ProcessRights> rights;   ///< of the processes that a capture would consist of
};

std::string diagnosis_text(const Diagnosis& diagnosis, bool verbose, const ProcFs& proc);

/// What was said while the processes were watched, as lines.
std::string traffic_text(const WatchedTraffic& traffic);

/// One line: docs/json.md, section "doctor". Without `traffic` nothing was watched.
std::string diagnosis_json(const Diagnosis& diagnosis, const std::optional<WatchedTraffic>& traffic,
                           const ProcFs& proc);

}  // namespace sslsniff
