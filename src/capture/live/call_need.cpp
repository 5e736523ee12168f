#include "capture/live/call_need.h"

#include <bpf/bpf.h>

#include <algorithm>

namespace sslsniff {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLookInterval{250};
constexpr milliseconds kIdle{1000};
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
    const auto& counters = programs_.counters();
    if (!rate_.is_high(now, counters.calls + counters.bystander_calls) || are_needed(now)) {
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
