#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "capture/discovery/attach_plan.h"
#include "capture/live/capture_programs.h"
#include "capture/live/site_table.h"

namespace sslsniff {

/// The probes of some functions. Detaches when destroyed.
struct ProbeLinks {
    std::vector<UniqueFd> multi;
    std::vector<Link> perf;
    std::size_t probes = 0;
};

/// What to attach to.
struct ProbeTarget {
    std::string path;           ///< of the file, as opened by us
    std::string display_path;   ///< for messages
    std::uint32_t library = 0;  ///< its number in the table of sites
    pid_t pid = 0;              ///< only this process; 0: all
};

/// Attaches the programs for entries and returns to the sites of `functions`, by the mechanism of `programs`.
/// What the kernel refuses becomes a remark.
ProbeLinks attach_probes(const CapturePrograms& programs, SiteTable& table,
                         std::span<const ProbedFunction> functions, const ProbeTarget& target,
                         std::vector<std::string>& remarks);

/// Detaches all at once: taking away a link waits for grace periods of RCU, some 20 ms, which many links can
/// wait for together.
void detach_probes(std::vector<ProbeLinks> links);

}  // namespace sslsniff
