#pragma once

#include <sys/types.h>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sslsniff {

/// A descriptor of the process that becomes readable when it ends.
Result<UniqueFd> open_pidfd(pid_t pid);

}  // namespace sslsniff
