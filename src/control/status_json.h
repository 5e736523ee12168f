#pragma once

#include <string>

#include "control/capture_status.h"

namespace sslsniff {

/// One line with its end: docs/stats.md.
std::string status_json(const CaptureStatus& status);

}  // namespace sslsniff
