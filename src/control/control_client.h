#pragma once

#include <chrono>
#include <string>

#include "base/result.h"
#include "control/control_request.h"

namespace sslsniff {

/// Asks the capture at the socket `path`, and returns the JSON that it answers with. A capture that waits for
/// the reader of its output may answer late: after `patience` that is an error.
Result<std::string> ask_capture(const std::string& path, const ControlRequest& request,
                                std::chrono::milliseconds patience);

}  // namespace sslsniff
