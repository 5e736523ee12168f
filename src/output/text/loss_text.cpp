#include "output/text/loss_text.h"

#include <fmt/format.h>

#include "base/saturating.h"

namespace sslsniff {
namespace {

/// Where it was lost, and what helps.
std::string_view explain(LossCause cause) {
    switch (cause) {
        case LossCause::ring_full:
            return "ring buffer full";
        case LossCause::fault:
            return "memory of the process not readable";
        case LossCause::snaplen:
            return "beyond the snap length";
        case LossCause::map_full:
            return "kernel table full";
        case LossCause::frame_limit:
            return "TLS calls nested too deeply";
        case LossCause::no_buffer:
            return "moved without a buffer: sendfile, splice, io_uring, MSG_TRUNC";
        case LossCause::connection_limit:
            return "too many open at once";
        case LossCause::memory_limit:
            return "too much was held (--max-memory)";
        case LossCause::missed:
            return "the kernel passed over them";
        case LossCause::unknown:
            break;
    }
    return "cause unknown";
}

}  // namespace

std::string counted(std::uint64_t count, std::string_view noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string loss_text(LossCause cause, std::uint64_t events, std::uint64_t bytes) {
    if (cause == LossCause::connection_limit) {
        return fmt::format("{} given up: {}", counted(events, "connection"), explain(cause));
    }
    if (cause == LossCause::memory_limit) {
        return fmt::format("{} given up, {} of memory: {}", counted(events, "exchange"),
                           counted(bytes, "byte"), explain(cause));
    }
    if (cause == LossCause::missed) {
        return fmt::format("{} of capture programs missed: {}", counted(events, "run"), explain(cause));
    }
    const std::string what = bytes == 0    ? counted(events, "event")
                             : events == 0 ? counted(bytes, "byte")
                                           : counted(events, "event") + ", " + counted(bytes, "byte");
    return fmt::format("{} lost: {}", what, explain(cause));
}

void LossCollector::add(const LossEvent& loss) {
    Counts& counts = pending_[loss.cause];
    add_saturating(counts.events, loss.events);
    add_saturating(counts.bytes, loss.bytes);
}

bool LossCollector::due(Timestamp time) const {
    return !pending_.empty() && (!shown_ || time - *shown_ >= std::chrono::seconds(1));
}

}  // namespace sslsniff
