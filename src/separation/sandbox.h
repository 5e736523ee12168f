#pragma once

#include "base/result.h"
#include "output/files/file_rules.h"

namespace sslsniff {

/// Takes from this process, for good, what reading traffic and writing to open files does not need: every
/// capability, root's user id for that of `user`, and system calls (seccomp(2)): it can neither create,
/// change nor remove files by name, start programs, nor trace or signal other processes. Files that are open
/// stay so; files that `user` may read can be read. Another user than root keeps its id. Where the user id
/// cannot be changed (a user namespace without that one) only the rest is dropped. Errors: what could not be
/// dropped.
Result<void> enter_sandbox(const FileOwner& user);

/// Whether this build filters system calls: sanitizers need more of them than programs do.
bool has_system_call_filter();

}  // namespace sslsniff
