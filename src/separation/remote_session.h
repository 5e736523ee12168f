#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>

#include "base/result.h"
#include "engine/capture_options.h"
#include "engine/live_session.h"
#include "separation/attacher_link.h"

namespace sslsniff::separation {

/// Has the process at the other end attach for the options that it was started with, and reads here what the
/// probes tell. Errors as of LiveSession::open(). `link` outlives the session.
Result<std::unique_ptr<LiveSession>> open_remote_session(AttacherLink& link, const CaptureOptions& options,
                                                         std::optional<pid_t> command);

}  // namespace sslsniff::separation
