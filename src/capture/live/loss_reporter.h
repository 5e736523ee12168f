#pragma once

#include <chrono>
#include <cstdint>

#include "capture/kernel/loss_totals.h"
#include "capture/live/capture_programs.h"
#include "model/event.h"

namespace sslsniff {

/// Tells of what was lost on the kernel's side, and when it is time to look for connections whose end was
/// among it.
class LossReporter {
  public:
    explicit LossReporter(const CapturePrograms& programs) : programs_(programs) {}

    /// Hands over what was lost since the last time; unless `at_once`, only every now and then.
    void report(EventConsumer& consumer, bool at_once);

    /// To be called before programs are detached: some counts go with their links.
    void read_missed();

    /// Whether connections are to be compared with the kernel's now. True a few times after each loss.
    bool take_reconciliation();

  private:
    using Clock = std::chrono::steady_clock;

    const CapturePrograms& programs_;
    LossTotals totals_;
    std::uint64_t missed_ = 0;
    Clock::time_point next_report_;
    Clock::time_point next_missed_;
    Clock::time_point next_reconciliation_;
    unsigned reconciliations_ = 0;  // still to come
};

}  // namespace sslsniff
