#include "capture/live/probed_processes.h"

#include <algorithm>
#include <iterator>

#include "capture/kernel/event_convert.h"

namespace sslsniff {

namespace {

constexpr std::chrono::milliseconds kLookInterval{250};
// Each link on a function costs every call of it, also those of the other processes: some 20 ns.
constexpr std::size_t kMostByMulti = 16;
// A perf event, with its descriptor, for each probe.
constexpr std::size_t kMostByPerf = 4;

}  // namespace

ProbedProcesses::ProbedProcesses(const TargetFilter& targets, CapturePrograms& programs, SiteTable& sites)
    : programs_(programs),
      policy_(policy_of(targets, programs.backends())),
      most_(programs.backends().probes == ProbeMechanism::multi ? kMostByMulti : kMostByPerf),
      attacher_(programs, sites) {}

ProbedProcesses::Policy ProbedProcesses::policy_of(const TargetFilter& targets, const Backends& backends) {
    if (!finds_processes(targets) && !targets.children) {
        return Policy::separate;
    }
    return targets.everything || !backends.attach_cookies ? Policy::everybody : Policy::either;
}

void ProbedProcesses::begin(Clock now, std::vector<std::string>& remarks) {
    if (auto ring = RecordRing::open(programs_.map_fd("newcomers"), NEWCOMERS_BYTES)) {
        newcomers_ = std::move(*ring);
    } else {
        remarks.push_back(ring.error().message);
        policy_ = policy_ == Policy::separate ? policy_ : Policy::everybody;
    }
    const std::vector<pid_t> processes = captured();
    if (policy_ == Policy::separate &&
        std::ranges::all_of(processes, [&](pid_t pid) { return give_own(pid); })) {
        scope_.on_separated(now);
        return;
    }
    scope_.open();
    if (std::ranges::any_of(processes, [&](pid_t pid) { return has_forked(pid); })) {
        scope_.on_arrival(now);
    }
    open_to_everybody(remarks);
}

void ProbedProcesses::attach_added(Clock now, std::vector<std::string>& remarks) {
    if (scope_.for_everybody()) {
        attacher_.attach_everybody(remarks);
    }
    std::vector<pid_t> refused;
    for (const pid_t pid : own_) {
        auto reasons = attacher_.attach_process(pid);
        if (reasons.empty() || !programs_.is_target(static_cast<std::uint32_t>(pid))) {
            continue;  // done, or it has ended
        }
        if (policy_ == Policy::separate) {
            std::ranges::move(reasons, std::back_inserter(remarks));
        } else {
            refused.push_back(pid);
        }
    }
    if (!refused.empty() && scope_.on_arrival(now)) {
        open_to_everybody(remarks);
    }
    forget(refused);
}

std::vector<pid_t> ProbedProcesses::take_newcomers(Clock now, std::vector<std::string>& remarks) {
    std::vector<pid_t> unknown;
    std::vector<pid_t> without_task;
    bool newcomers = false;
    if (!newcomers_) {
        return unknown;
    }
    newcomers_->take(NEWCOMERS_BYTES, [&](ByteView record) {
        const auto found = read_fixed<newcomer>(record);
        if (!found) {
            return;
        }
        const auto pid = static_cast<pid_t>(found->pid);
        if (found->cause == NEWCOMER_WITHOUT_TASK) {
            without_task.push_back(pid);
        }
        if (found->cause == NEWCOMER_MATCHED) {
            unknown.push_back(pid);
        }
        newcomers |= found->cause != NEWCOMER_MATCHED || !own_.contains(pid);
    });
    if (newcomers && policy_ != Policy::separate && scope_.on_arrival(now)) {
        open_to_everybody(remarks);
    }
    forget(without_task);
    return unknown;
}

void ProbedProcesses::expect(std::span<const pid_t> processes, Clock now, std::vector<std::string>& remarks) {
    const bool newcomers = std::ranges::any_of(processes, [&](pid_t pid) { return !own_.contains(pid); });
    if (newcomers && policy_ != Policy::separate && scope_.on_arrival(now)) {
        open_to_everybody(remarks);
    }
}

std::vector<pid_t> ProbedProcesses::look_after(Clock now) {
    std::vector<pid_t> newcomers;
    if (now < next_look_) {
        return newcomers;
    }
    next_look_ = now + kLookInterval;
    std::vector<pid_t> ended;
    std::ranges::copy_if(own_, std::back_inserter(ended),
                         [&](pid_t pid) { return !programs_.is_target(static_cast<std::uint32_t>(pid)); });
    forget(ended);
    if (freeing_ && attacher_.is_detached() && programs_.expect_everybody(EVERYBODY_HAS_NONE)) {
        freeing_ = false;
    }
    if (policy_ != Policy::either || !scope_.is_to_separate(now, programs_.counters().bystander_calls)) {
        return newcomers;
    }
    const std::vector<pid_t> processes = captured();
    if (!can_be_separate(processes)) {
        scope_.postpone(now);
        return newcomers;
    }
    std::ranges::set_difference(processes, own_, std::back_inserter(newcomers));
    if (newcomers.empty()) {
        separate(newcomers, now);
    }
    return newcomers;
}

void ProbedProcesses::separate(const std::vector<pid_t>& newcomers, Clock now) {
    const bool all = std::ranges::all_of(newcomers, [&](pid_t pid) { return give_own(pid); });
    if (!all || newcomers_->waiting() > 0) {
        scope_.postpone(now);
        return;
    }
    if (programs_.expect_everybody(EVERYBODY_IS_FREED)) {
        attacher_.detach_everybody();
        freeing_ = true;
        scope_.on_separated(now);
    }
}

void ProbedProcesses::detach_all() {
    own_.clear();
    attacher_.detach_all();
}

/// Not with too many, and not when the first thread of one has ended: links by process are tied to it.
bool ProbedProcesses::can_be_separate(const std::vector<pid_t>& processes) const {
    return processes.size() <= most_ && std::ranges::all_of(processes, [&](pid_t pid) {
               const auto status = proc_.status(pid);
               return !status || !status->is_zombie;
           });
}

std::vector<pid_t> ProbedProcesses::captured() const {
    std::vector<pid_t> processes;
    for (const std::uint32_t tgid : programs_.targets()) {
        processes.push_back(static_cast<pid_t>(tgid));
    }
    return processes;
}

/// Then it is likely to do so again, as a server that forks for each connection does.
bool ProbedProcesses::has_forked(pid_t pid) const {
    const auto status = proc_.status(pid);
    return status && status->had_children;
}

/// True also when the process has ended meanwhile.
bool ProbedProcesses::give_own(pid_t pid) {
    if (own_.contains(pid)) {
        return true;
    }
    const bool given =
        attacher_.attach_process(pid).empty() && programs_.link_process(static_cast<std::uint32_t>(pid));
    if (given) {
        own_.insert(pid);
        return true;
    }
    attacher_.detach_processes(std::span(&pid, 1));
    return !programs_.is_target(static_cast<std::uint32_t>(pid));
}

/// The kernel side is told first: no call may count twice.
void ProbedProcesses::open_to_everybody(std::vector<std::string>& remarks) {
    if (auto done = programs_.expect_everybody(EVERYBODY_HAS_PROBES); !done) {
        remarks.push_back(done.error().message);
        return;
    }
    freeing_ = false;
    attacher_.attach_everybody(remarks);
}

void ProbedProcesses::forget(std::span<const pid_t> pids) {
    if (pids.empty()) {
        return;
    }
    for (const pid_t pid : pids) {
        programs_.unlink_process(static_cast<std::uint32_t>(pid));
        own_.erase(pid);
    }
    attacher_.detach_processes(pids);
}

}  // namespace sslsniff
