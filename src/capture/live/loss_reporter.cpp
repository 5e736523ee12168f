#include "capture/live/loss_reporter.h"

#include <algorithm>
#include <vector>

#include "capture/kernel/event_convert.h"
#include "capture/live/clocks.h"

namespace sslsniff {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kInterval{250};
constexpr milliseconds kMissedInterval{1000};  // takes a system call for each program
constexpr milliseconds kReconcileInterval{1000};
constexpr unsigned kReconciliations = 2;  // one finds, the next ends

/// The connection that misses the bytes says so itself (GapEvent), and they are counted there, if it is
/// shown.
bool is_told_by_gaps(std::uint32_t cause) {
    return cause == LOSS_FAULT || cause == LOSS_SNAPLEN || cause == LOSS_NO_BUFFER;
}

}  // namespace

void LossReporter::report(EventConsumer& consumer, bool at_once) {
    const auto now = Clock::now();
    if (!at_once && now < next_report_) {
        return;
    }
    next_report_ = now + kInterval;
    if (at_once || now >= next_missed_) {
        next_missed_ = now + kMissedInterval;
        read_missed();
    }
    const Timestamp time = clock_now(CLOCK_REALTIME);
    const auto tell = [&](LossCause cause, std::uint64_t events, std::uint64_t bytes) {
        if (const auto event = totals_.take(cause, events, bytes, time)) {
            reconciliations_ = kReconciliations;
            consumer.on_event(*event);
        }
    };
    const std::vector<loss_count> counts = programs_.losses();
    for (std::uint32_t cause = 0; cause < counts.size(); cause++) {
        if (!is_told_by_gaps(cause)) {
            tell(to_loss_cause(cause), counts[cause].events, counts[cause].bytes);
        }
    }
    tell(LossCause::missed, missed_, 0);
}

void LossReporter::read_missed() {
    missed_ = std::max(missed_, programs_.missed());
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
