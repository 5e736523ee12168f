#include "capture/live/loss_reporter.h"

#include "capture/event_convert.h"
#include "capture/live/clocks.h"

namespace sslsniff {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kInterval{250};
constexpr milliseconds kReconcileInterval{1000};
constexpr unsigned kReconciliations = 2;  // one finds, the next ends

}  // namespace

void LossReporter::report(EventConsumer& consumer, bool at_once) {
    const auto now = Clock::now();
    if (!at_once && now < next_report_) {
        return;
    }
    next_report_ = now + kInterval;
    const std::vector<loss_count> totals = programs_.losses();
    reported_.resize(totals.size());
    for (std::uint32_t cause = 0; cause < totals.size(); cause++) {
        loss_count& reported = reported_[cause];
        LossEvent event;
        event.time = clock_now(CLOCK_REALTIME);
        event.cause = to_loss_cause(cause);
        event.events = totals[cause].events - reported.events;
        event.bytes = totals[cause].octets - reported.octets;
        if (event.events != 0) {
            reconciliations_ = kReconciliations;
            reported = totals[cause];
            consumer.on_event(event);
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
