#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "capture/discovery/attach_plan.h"
#include "capture/live/capture_programs.h"

namespace sslsniff {

/// The probes of one side (entries or returns) of some functions. Detaches when destroyed.
struct ProbeLinks {
    std::vector<UniqueFd> multi;
    std::vector<Link> perf;
    std::size_t probes = 0;
};

/// What to attach to.
struct ProbeTarget {
    std::string path;           ///< of the file, as opened by us
    std::string display_path;   ///< for messages
    std::uint32_t library = 0;  ///< number for the cookies
    pid_t pid = 0;              ///< only this process; 0: all
    bool is_return = false;
};

/// Attaches `program` to `sites` by the mechanism of `programs`. A program of null takes the one without
/// cookies of each function. What the kernel refuses becomes a remark.
ProbeLinks attach_probes(const CapturePrograms& programs, const bpf_program* program,
                         std::span<const ProbeSite> sites, const ProbeTarget& target,
                         std::vector<std::string>& remarks);

/// Opens the file of a plan, if it still is the one that was planned for.
Result<UniqueFd> open_planned(const LibraryPlan& library);

}  // namespace sslsniff
