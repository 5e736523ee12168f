#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "engine/capture_options.h"

namespace sslsniff {

/// Sets the ways into the kernel that `names` ask for (--backend), instead of the best that the kernel has:
/// for tests and for finding out what is wrong. Names are those of the enumerators in live_options.h.
Result<void> choose_backends(const std::vector<std::string>& names, CaptureOptions& options);

/// Every name that choose_backends() knows.
std::vector<std::string> backend_names();

}  // namespace sslsniff
