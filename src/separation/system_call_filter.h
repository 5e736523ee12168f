#pragma once

#include "base/result.h"

namespace sslsniff {

/// From now on system calls that reading traffic, writing to open descriptors and talking to collectors do
/// not need fail with EPERM, in all threads. Needs no_new_privs. A kernel without seccomp filters is no
/// error.
Result<void> filter_system_calls();

}  // namespace sslsniff
