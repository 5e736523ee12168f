#include "capture/kernel/probe_scope.h"

#include <algorithm>
#include <utility>

namespace sslsniff {

bool ProbeScope::on_arrival(Clock now) {
    last_arrival_ = now;
    if (everybody_) {
        calm_ = std::max(calm_, Clock(kShortestCalm));
        return false;
    }
    everybody_ = true;
    const bool soon = separated_at_ != Clock{} && now - separated_at_ < kLongestCalm;
    calm_ = soon ? std::clamp(calm_ * 2, Clock(kShortestCalm), Clock(kLongestCalm)) : Clock(kShortestCalm);
    return true;
}

bool ProbeScope::is_to_separate(Clock now, std::uint64_t calls) {
    const std::chrono::duration<double> elapsed = now - std::exchange(last_look_, now);
    const std::uint64_t fresh = calls - std::exchange(last_calls_, calls);
    const bool others_pay = static_cast<double>(fresh) > static_cast<double>(kFewCalls) * elapsed.count();
    return everybody_ && others_pay && now - last_arrival_ >= calm_;
}

void ProbeScope::on_separated(Clock now) {
    everybody_ = false;
    separated_at_ = now;
}

}  // namespace sslsniff
