#pragma once

#include <chrono>
#include <vector>

#include "capture/live/capture_programs.h"
#include "model/event.h"

namespace sslsniff {

/// Tells of what was lost on the kernel's side, and when it is time to look for connections whose end was
/// among it.
class LossReporter {
  public:
    explicit LossReporter(const CapturePrograms& programs) : programs_(programs) {}

    /// Hands over what was lost since the last time; unless `at_once`, only every kInterval.
    void report(EventConsumer& consumer, bool at_once);

    /// Whether connections are to be compared with the kernel's now. True a few times after each loss.
    bool take_reconciliation();

  private:
    using Clock = std::chrono::steady_clock;

    const CapturePrograms& programs_;
    std::vector<loss_count> reported_;
    Clock::time_point next_report_;
    Clock::time_point next_reconciliation_;
    unsigned reconciliations_ = 0;  // still to come
};

}  // namespace sslsniff
