#pragma once

#include <string>

namespace sslsniff {

/// What `error`, a value of errno, means, for the end of a sentence: "No such file or directory". Where a
/// limit of this process is the reason, it is named with what raises it.
std::string error_text(int error);

}  // namespace sslsniff
