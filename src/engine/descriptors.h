#pragma once

#include <sys/types.h>

#include <cstdint>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sslsniff {

/// Lets this process open as many files as it may, for a capture needs many; an error when those are less
/// than `least`. Children inherit it.
Result<void> raise_descriptor_limit(std::uint64_t least);

/// A descriptor of the process that becomes readable when it ends.
Result<UniqueFd> open_pidfd(pid_t pid);

}  // namespace sslsniff
