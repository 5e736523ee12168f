#pragma once

#include <chrono>
#include <cstdint>

#include "capture/kernel/kernel_side.h"
#include "capture/kernel/loss_totals.h"
#include "model/event.h"

namespace sslsniff {

/// Tells of what was lost on the kernel's side, and when it is time to look for connections whose end was
/// among it.
class LossReporter {
  public:
    explicit LossReporter(KernelSide& kernel) : kernel_(kernel) {}

    /// Hands over what was lost since the last time; unless `at_once`, only every now and then.
    void report(EventConsumer& consumer, bool at_once);

    /// Whether connections are to be compared with the kernel's now. True a few times after each loss.
    bool take_reconciliation();

  private:
    using Clock = std::chrono::steady_clock;

    KernelSide& kernel_;
    LossTotals totals_;
    Clock::time_point next_report_;
    Clock::time_point next_reconciliation_;
    unsigned reconciliations_ = 0;  // still to come
};

}  // namespace sslsniff
