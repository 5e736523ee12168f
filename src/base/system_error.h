#pragma once

#include <string>

#include "base/result.h"

namespace sslsniff {

/// What `error`, a value of errno, means, for the end of a sentence: "No such file or directory". Where a
/// limit of this process is the reason, it is named with what raises it.
std::string error_text(int error);

/// What kind of error it is: permission, not_found or, as most, system.
ErrorKind error_kind(int error);

}  // namespace sslsniff
