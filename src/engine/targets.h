#pragma once

#include <sys/types.h>

#include <optional>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "capture/live/live_options.h"
#include "engine/capture_options.h"

namespace sslsniff {

/// The processes that `options` names, users looked up, children that are there already included. `command`
/// is the held child, if there is one.
Result<TargetFilter> resolve_targets(const CaptureOptions& options, std::optional<pid_t> command);

/// True when the process is in the filter for a reason of its own, not as a part of the whole host.
bool is_named_target(const TargetFilter& filter, pid_t pid);

/// pidfds of `pids`, when the capture is about them alone. An error when one does not exist.
Result<std::vector<UniqueFd>> watch_processes(const CaptureOptions& options);

}  // namespace sslsniff
