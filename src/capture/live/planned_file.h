#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "capture/discovery/attach_plan.h"

namespace sslsniff {

/// Opens the file of a plan, if it still is the one that was planned for: by its path, or by the mapping of a
/// process that uses it, if it was deleted meanwhile. Fails with ErrorKind::not_found when no process
/// uses it any more.
Result<UniqueFd> open_planned(const LibraryPlan& library);

}  // namespace sslsniff
