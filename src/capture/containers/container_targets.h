#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "capture/containers/container_registry.h"
#include "capture/discovery/proc_fs.h"

namespace sslsniff {

/// Finds the processes of containers and pods that are called so (--container, -k), those that start later
/// too: by looking at /proc, where a new number is a new process.
class ContainerTargets {
  public:
    using Clock = std::chrono::nanoseconds;  ///< CLOCK_MONOTONIC
    static constexpr Clock kInterval = std::chrono::milliseconds(100);

    ContainerTargets(std::vector<std::string> containers, std::vector<std::string> pods,
                     ContainerRegistry& registry, ProcFs proc = ProcFs());

    bool is_empty() const { return containers_.empty() && pods_.empty(); }
    /// Whether the process is in one of them.
    bool is_wanted(pid_t pid);
    /// Processes that are in one of them and were not told before. Looks at most every kInterval.
    std::vector<pid_t> take_new(Clock now);

  private:
    std::vector<std::string> containers_;
    std::vector<std::string> pods_;
    ContainerRegistry& registry_;
    ProcFs proc_;
    Clock next_look_{};
    /// How often those that are not wanted are looked at still: a runtime moves a process into its container
    /// after it has made it.
    std::map<pid_t, unsigned> looks_left_;
};

}  // namespace sslsniff
