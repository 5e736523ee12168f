#include "capture/live/loss_reporter.h"

#include "capture/live/clocks.h"

namespace sslsniff {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kInterval{250};
constexpr milliseconds kReconcileInterval{1000};
constexpr unsigned kReconciliations = 2;  // one finds, the next ends

/// The connection that misses the bytes says so itself (GapEvent), and they are counted there, if it is
/// shown.
bool is_told_by_gaps(LossCause cause) {
    return cause == LossCause::fault || cause == LossCause::snaplen || cause == LossCause::no_buffer;
}

}  // namespace

void LossReporter::report(EventConsumer& consumer, bool at_once) {
    const auto now = Clock::now();
    if (!at_once && now < next_report_) {
        return;
    }
    next_report_ = now + kInterval;
    const Timestamp time = clock_now(CLOCK_REALTIME);
    for (const KernelLoss& loss : kernel_.losses()) {
        if (is_told_by_gaps(loss.cause)) {
            continue;
        }
        if (const auto event = totals_.take(loss.cause, loss.events, loss.bytes, time)) {
            reconciliations_ = kReconciliations;
            consumer.on_event(*event);
        }
    }
}

bool LossReporter::take_reconciliation() {
    const auto now = Clock::now();
    if (reconciliations_ == 0 || now < next_reconciliation_) {
        return false;
    }
    reconciliations_--;
    next_reconciliation_ = now + kReconcileInterval;
    return true;
}

}  // namespace sslsniff
