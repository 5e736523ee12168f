#pragma once

#include <sys/types.h>

#include <optional>

#include "base/result.h"
#include "capture/live/live_options.h"
#include "engine/capture_options.h"

namespace sslsniff {

/// What the capture of `options` needs of the system: targets that are looked up, and room for descriptors.
/// `command` is the held child that will run `options.command`.
Result<LiveOptions> prepare_live_options(const CaptureOptions& options, std::optional<pid_t> command);

}  // namespace sslsniff
