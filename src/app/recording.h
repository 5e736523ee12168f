#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "capture/event_source.h"

namespace sslsniff {

/// Opens a recording for -r: what it is shows in its first octets, not in its name. "-" is stdin.
Result<std::unique_ptr<EventSource>> open_recording(const std::string& path);

}  // namespace sslsniff
