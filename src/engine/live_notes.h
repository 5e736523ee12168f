#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

#include "capture/live/live_options.h"
#include "capture/live/live_report.h"
#include "engine/capture_options.h"
#include "engine/live_session.h"
#include "engine/remarks.h"

namespace sslsniff {

/// What people are told of the probes of a capture, each thing once. Looks into /proc.
class LiveNotes {
  public:
    /// `report` grows, and outlives this.
    LiveNotes(const LiveReport& report, const CaptureOptions& options, TargetFilter targets);

    // As of LiveSession.
    std::vector<CapturedLibrary> take_libraries();
    std::vector<std::string> take_remarks();

  private:
    const LiveReport& report_;
    RemarkPolicy policy_;
    // Told so far:
    std::size_t libraries_ = 0;
    std::size_t remarks_ = 0;
    std::size_t skipped_ = 0;
};

/// "nginx[42]" of each that runs now.
std::vector<std::string> names_of_running(const std::vector<pid_t>& processes);

}  // namespace sslsniff
