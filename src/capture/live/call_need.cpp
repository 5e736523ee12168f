#include "capture/live/call_need.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <utility>

namespace sslsniff {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLookInterval{250};
constexpr milliseconds kIdle{1000};
/// A call with its return costs its caller 1 to 5 us: that many, in a second, up to 0.2 % of a CPU.
constexpr std::uint64_t kFewCalls = 400;
constexpr std::uint32_t kFirst = 0;

}  // namespace

void CallNeed::on_attached(Clock now) {
    attached_at_ = now;
    tell_attached(true);
}

void CallNeed::tell_attached(bool attached) const {
    const std::uint32_t value = attached ? 1 : 0;
    bpf_map_update_elem(programs_.map_fd("calls_attached"), &kFirst, &value, BPF_ANY);
}

bool CallNeed::are_executed(Clock now) {
    const auto& counters = programs_.counters();
    const std::uint64_t calls = counters.calls + counters.bystander_calls;
    const std::uint64_t made = calls - std::exchange(last_calls_, calls);
    const Clock passed = now - std::exchange(last_look_, now);
    return made * 1000 > kFewCalls * static_cast<std::uint64_t>(passed / milliseconds(1));
}

bool CallNeed::are_needed(Clock now) const {
    call_need need{};
    return bpf_map_lookup_elem(programs_.map_fd("call_needs"), &kFirst, &need) != 0 || need.kept != 0 ||
           now - std::max(attached_at_, Clock(need.last)) < kIdle;
}

bool CallNeed::is_over(Clock now) {
    if (now < next_look_) {
        return false;
    }
    next_look_ = now + kLookInterval;
    if (!are_executed(now) || are_needed(now)) {
        return false;
    }
    tell_attached(false);
    if (are_needed(now)) {  // in between
        tell_attached(true);
        return false;
    }
    return true;
}

}  // namespace sslsniff
