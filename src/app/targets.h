#pragma once

#include <sys/types.h>

#include <optional>
#include <vector>

#include "app/options.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "capture/live/live_options.h"

namespace sslsniff {

/// The processes that `options` names, users looked up, children that are there already included. `command`
/// is the held child, if there is one.
Result<TargetFilter> resolve_targets(const Options& options, std::optional<pid_t> command);

/// True when the process is in the filter for a reason of its own, not as a part of the whole host.
bool is_named_target(const TargetFilter& filter, pid_t pid);

/// pidfds of the -p processes. An error when one does not exist.
Result<std::vector<UniqueFd>> watch_processes(const Options& options);

}  // namespace sslsniff
