#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "capture/event_source.h"
#include "engine/notices.h"
#include "engine/supervisor.h"

namespace sslsniff {

/// What the loop feeds.
class CaptureOutput {
  public:
    CaptureOutput() = default;
    CaptureOutput(const CaptureOutput&) = delete;
    CaptureOutput& operator=(const CaptureOutput&) = delete;
    virtual ~CaptureOutput() = default;
    virtual EventConsumer& consumer() = 0;
    /// Hands what there is to whoever reads it, and says whether all of it has been taken. Failures make it
    /// done; what follows the loop tells them.
    virtual bool flush() = 0;
    /// Nothing more is wanted or possible: enough was shown, nobody reads any more, something failed.
    virtual bool is_done() const = 0;
    /// Goes on in new files where the old ones were moved away. False: there are no files.
    virtual bool reopen() { return false; }
    /// What was seen so far, in lines.
    virtual std::string totals() const { return {}; }
    /// What people should know and were not told: a sentence each.
    virtual std::vector<std::string> take_remarks() { return {}; }
};

/// Moves events from `source` to `output` until something ends it, and does what `supervisor` was asked for
/// on the way. `notices` hears what there is to tell, the supervisor's service manager how it goes: with one,
/// a capture without files goes on when files are to be opened again. An error is the source's.
Result<StopReason> run_loop(EventSource& source, CaptureOutput& output, Supervisor& supervisor,
                            Notices& notices);

/// Moves what is left in a source that was stopped.
Result<void> drain(EventSource& source, CaptureOutput& output);

}  // namespace sslsniff
