#include "capture/kernel/loss_totals.h"

namespace sslsniff {

std::optional<LossEvent> LossTotals::take(LossCause cause, std::uint64_t events, std::uint64_t bytes,
                                          Timestamp time) {
    if (events == 0) {
        return std::nullopt;
    }
    Counts& told = told_[cause];
    if (events <= told.events) {
        return std::nullopt;
    }
    const LossEvent event{time, cause, events - told.events, bytes - told.bytes};
    told = {events, bytes};
    return event;
}

}  // namespace sslsniff
