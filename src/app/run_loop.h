#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "app/command_runner.h"
#include "app/signals.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "capture/event_source.h"
#include "model/time.h"

namespace sslsniff {

/// What the loop feeds.
class CaptureOutput {
  public:
    CaptureOutput() = default;
    CaptureOutput(const CaptureOutput&) = delete;
    CaptureOutput& operator=(const CaptureOutput&) = delete;
    virtual ~CaptureOutput() = default;
    virtual EventConsumer& consumer() = 0;
    /// Hands what there is to whoever reads it.
    virtual Result<void> flush() = 0;
    /// Nothing more is wanted: enough was shown, or nobody reads any more.
    virtual bool is_done() const = 0;
};

/// What ends a capture besides its source and its output.
struct StopConditions {
    std::optional<Duration> duration;
    std::vector<UniqueFd> processes;   ///< pidfds: it ends with the last of them; none: no such end
    CommandRunner* command = nullptr;  ///< it ends with this one; signals go there first
};

enum class StopReason : std::uint8_t { source_ended, output_done, signal, duration, processes_ended };

/// Moves events from `source` to `output` until something ends it. After a signal the next one ends the
/// process, except that Ctrl-C is the running command's business alone.
Result<StopReason> run_loop(EventSource& source, CaptureOutput& output, Signals& signals,
                            StopConditions conditions);

/// Moves what is left in a source that was stopped.
Result<void> drain(EventSource& source, CaptureOutput& output);

}  // namespace sslsniff
