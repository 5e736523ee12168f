#pragma once

#include <optional>

#include "base/result.h"
#include "output/files/file_rules.h"

namespace sslsniff {

/// Takes from this process, for good, what reading a recording does not need: every capability, and root's
/// user id, for that of `caller` or, without one, of nobody. With `creates_files` it keeps user id,
/// CAP_CHOWN, CAP_DAC_OVERRIDE and CAP_FOWNER, to create files wherever root could. Files that are open stay
/// so. Where the user id cannot be changed (a user namespace without that one) only capabilities are dropped.
/// Does nothing for a process without privileges.
Result<void> drop_privileges(const std::optional<FileOwner>& caller, bool creates_files);

}  // namespace sslsniff
