#include "capture/live/library_tracker.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <iterator>
#include <span>
#include <string_view>

#include "capture/discovery/proc_fs.h"
#include "capture/live/clocks.h"

namespace sslsniff {

namespace {

constexpr std::size_t kKnownFiles = 65536;
constexpr std::size_t kMostMappings = 4096;  // beyond, the kernel keeps them, and counts what it cannot
constexpr std::size_t kPassedOver = 1024;
constexpr std::chrono::milliseconds kPlanning{20};
constexpr std::array kDetachedPrograms = {"python", "node", "h2o", "ruby", "bun", "java"};

/// Plans of one file are one plan, for all processes of both.
void merge(std::vector<LibraryPlan>& plans, LibraryPlan plan) {
    const auto same =
        std::ranges::find_if(plans, [&](const LibraryPlan& other) { return is_same_library(other, plan); });
    if (same == plans.end()) {
        plans.push_back(std::move(plan));
        return;
    }
    std::vector<pid_t> processes;
    std::ranges::set_union(same->processes, plan.processes, std::back_inserter(processes));
    same->processes = std::move(processes);
}

std::string_view base_name(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

bool may_define_transports(std::string_view path) {
    const std::string_view name = base_name(path);
    return name.starts_with("libcrypto") || name.starts_with("node") || name.starts_with("bun");
}

std::vector<SkippedTarget> of_process(std::vector<SkippedTarget> targets, pid_t pid) {
    for (SkippedTarget& target : targets) {
        target.pid = pid;
    }
    return targets;
}

std::string describe(const LibraryPlan& library) {
    return library.version.empty() ? library.name : library.name + " " + library.version;
}

bool uses_no_socket(const LibraryPlan& library) {
    return std::ranges::any_of(library.functions,
                               [](const ProbedFunction& function) { return function.form.uses_no_socket; });
}

bool is_seen_by_records_alone(const LibraryPlan& library) {
    return std::ranges::all_of(library.functions, [](const ProbedFunction& function) {
        return is_record_call(function.form.call) != 0;
    });
}

/// What takes attach cookies.
void skip_records_alone(AttachPlan& plan) {
    for (const LibraryPlan& library : plan.libraries) {
        if (!is_seen_by_records_alone(library)) {
            continue;
        }
        const std::string reason = fmt::format("{} ({}) is captured on Linux 5.15 and newer",
                                               describe(library), library.display_path);
        for (const pid_t pid : library.processes) {
            plan.skipped.push_back({pid, library.display_path, reason, false, reason, describe(library)});
        }
    }
    std::erase_if(plan.libraries, is_seen_by_records_alone);
}

}  // namespace

LibraryTracker::LibraryTracker(const LiveOptions& options, CapturePrograms& programs, SiteTable& sites,
                               LiveReport& report, OnAttached on_attached)
    : options_(options),
      programs_(programs),
      report_(report),
      on_attached_(std::move(on_attached)),
      planner_(ProcFs(), options.libraries),
      probed_(options.targets, programs, sites) {}

void LibraryTracker::attach_first(Clock now) {
    // Before looking at /proc, so that nothing mapped meanwhile is missed.
    if (auto watcher = MappingWatcher::start()) {
        watcher_ = std::move(*watcher);
    } else {
        report_.remarks.push_back(watcher.error().message);
    }
    add_plan(first_plan(), Use::found);
    probed_.begin(now, report_.remarks);
    for (const LibraryPlan& library : report_.plan.transport_libraries) {
        for (const pid_t pid : library.processes) {
            note_likely_detached(static_cast<std::uint32_t>(pid));
        }
    }
    begun_ = true;
    attach_new(now);
}

void LibraryTracker::detach_all() {
    probed_.detach_all();
    watcher_.reset();
    mappings_.clear();
}

void LibraryTracker::attach_calls() {
    probed_.attach_calls(report_.remarks);
    report_.attached_probes = probed_.attacher().probes();
}

std::vector<LibraryPlan> LibraryTracker::transport_libraries(std::uint32_t pid) {
    const auto process = static_cast<pid_t>(pid);
    return planner_.plan_processes(std::span(&process, 1)).transport_libraries;
}

std::vector<std::uint32_t> LibraryTracker::take_likely_detached() {
    std::vector<std::uint32_t> taken;
    taken.swap(likely_detached_);
    return taken;
}

std::vector<int> LibraryTracker::descriptors() const {
    std::vector<int> descriptors = watcher_ ? watcher_->descriptors() : std::vector<int>();
    if (probed_.descriptor() >= 0) {
        descriptors.push_back(probed_.descriptor());
    }
    return descriptors;
}

AttachPlan LibraryTracker::first_plan() {
    const TargetFilter& targets = options_.targets;
    if (finds_processes(targets)) {
        add_plan(planner_.plan_standard_libraries(), Use::expected);
        return planner_.plan_all();
    }
    if (options_.expect_exec) {
        const auto environment = [](const char* name) {
            const char* value = std::getenv(name);
            return std::string(value != nullptr ? value : "");
        };
        if (auto plan = planner_.plan_command(options_.command_path, environment("PATH"),
                                              environment("LD_LIBRARY_PATH"))) {
            add_plan(std::move(*plan), Use::expected);
        }
        add_plan(planner_.plan_standard_libraries(), Use::expected);
        return {};
    }
    auto pids = targets.children ? ProcFs().with_descendants(targets.pids) : targets.pids;
    // A shell that is captured may have started us.
    std::erase(pids, getpid());
    std::erase(pids, options_.reader);
    AttachPlan plan = planner_.plan_processes(pids);
    if (plan.libraries.empty() && targets.children) {
        // A shell, perhaps, whose children will. Nothing to report until one does.
        for (const LibraryPlan& library : planner_.plan_standard_libraries().libraries) {
            add_library(library, Use::expected);
        }
    }
    return plan;
}

/// Whether it was not probed before.
bool LibraryTracker::add_library(const LibraryPlan& library, Use use) {
    known_files_[{library.file.device, library.file.inode}].is_probed = true;
    const auto added = probed_.add(library, use == Use::expected);
    if (!added) {
        if (added.error().kind != ErrorKind::not_found) {
            report_.remarks.push_back(added.error().message);
        }
        return true;
    }
    if (*added) {
        on_attached_(probed_.attacher().library_number(library), describe(library));
    }
    return *added;
}

void LibraryTracker::note(const LibraryPlan& library, bool is_new) {
    const auto capture =
        is_new && begun_ ? ProcessLibraries::Capture::late : ProcessLibraries::Capture::probed;
    for (const pid_t pid : library.processes) {
        in_use_.note(static_cast<std::uint32_t>(pid), describe(library), capture);
        if (uses_no_socket(library)) {
            in_use_.note_sockets_by_payload(static_cast<std::uint32_t>(pid));
            add_likely_detached(static_cast<std::uint32_t>(pid));
        }
    }
}

void LibraryTracker::note(std::span<const SkippedTarget> skipped) {
    for (const SkippedTarget& target : skipped) {
        if (target.pid != 0 && !target.library.empty()) {
            in_use_.note(
                static_cast<std::uint32_t>(target.pid), target.library,
                target.left_out ? ProcessLibraries::Capture::left_out : ProcessLibraries::Capture::foreign);
        }
    }
}

/// Makes it known to whoever attaches, and to the report.
void LibraryTracker::add_plan(AttachPlan plan, Use use) {
    if (!programs_.backends().attach_cookies) {
        skip_records_alone(plan);
    }
    for (LibraryPlan& library : plan.libraries) {
        note(library, add_library(library, use));
        merge(report_.plan.libraries, std::move(library));
    }
    for (LibraryPlan& library : plan.transport_libraries) {
        merge(report_.plan.transport_libraries, std::move(library));
    }
    note(plan.skipped);
    std::ranges::move(plan.skipped, std::back_inserter(report_.plan.skipped));
    report_.attached_libraries = probed_.attacher().libraries();
}

void LibraryTracker::attach_plan(AttachPlan plan, Clock now) {
    note(plan.skipped);
    plan.skipped.clear();  // most mapped files, and many processes, have nothing to do with TLS
    const bool any = !plan.libraries.empty();
    add_plan(std::move(plan), Use::found);
    if (any) {
        probed_.attach_added(now, report_.remarks);
    }
}

/// Processes that have ended meanwhile may have been captured, and may be followed by others of the same
/// program.
bool LibraryTracker::concerns_us(std::uint32_t pid) const {
    return options_.targets.everything || programs_.is_target(pid) ||
           (kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH);
}

void LibraryTracker::note_likely_detached(std::uint32_t pid) {
    const auto status = ProcFs().status(static_cast<pid_t>(pid));
    const std::string_view program = status ? base_name(status->info.exe) : std::string_view();
    if (std::ranges::any_of(kDetachedPrograms, [&](const char* name) { return program.starts_with(name); })) {
        add_likely_detached(pid);
    }
}

/// Only processes that are certainly captured: probes cost those that are not.
void LibraryTracker::add_likely_detached(std::uint32_t pid) {
    if ((options_.targets.everything || programs_.is_target(pid)) &&
        std::ranges::find(likely_detached_, pid) == likely_detached_.end()) {
        likely_detached_.push_back(pid);
    }
}

void LibraryTracker::attach_new(Clock now) {
    take_newcomers(now);
    take_mappings();
    const Clock until = monotonic_now() + kPlanning;
    while (!mappings_.empty() && monotonic_now() < until) {
        attach_mapping(mappings_.front(), now);
        mappings_.pop_front();
    }
    report_.attached_probes = probed_.attacher().probes();
}

void LibraryTracker::take_mappings() {
    if (watcher_ && mappings_.size() < kMostMappings) {
        std::ranges::move(watcher_->take(), std::back_inserter(mappings_));
    }
}

void LibraryTracker::take_newcomers(Clock now) {
    look_at_processes(probed_.take_newcomers(now, report_.remarks), now);
    const std::vector<pid_t> separated = probed_.look_after(now);
    if (!separated.empty()) {
        attach_plan(planner_.plan_processes(separated), now);
        probed_.separate(separated, now);
    }
}

void LibraryTracker::add_processes(const std::vector<pid_t>& processes, Clock now) {
    probed_.expect(processes, now, report_.remarks);
    look_at_processes(processes, now);
}

/// What their programs map from now on, the watcher tells.
void LibraryTracker::look_at_processes(const std::vector<pid_t>& processes, Clock now) {
    if (!processes.empty()) {
        attach_plan(planner_.plan_processes(processes), now);
        std::ranges::for_each(processes,
                              [&](pid_t pid) { note_likely_detached(static_cast<std::uint32_t>(pid)); });
    }
}

void LibraryTracker::attach_mapping(const NewMapping& mapping, Clock now) {
    if (concerns_us(mapping.pid)) {
        look_at(mapping, now);
        return;
    }
    passed_over_.push_back(mapping);
    if (passed_over_.size() > kPassedOver) {
        passed_over_.pop_front();
    }
}

void LibraryTracker::look_at(const NewMapping& mapping, Clock now) {
    if (mapping.path.empty()) {
        in_use_.forget(mapping.pid);
        return;
    }
    if (may_define_transports(mapping.path)) {
        note_likely_detached(mapping.pid);
    }
    if (known_files_.size() >= kKnownFiles) {
        known_files_.clear();
    }
    const auto pid = static_cast<pid_t>(mapping.pid);
    const auto stamp = stamp_of(ProcFs().path_of_process(pid, mapping.path));
    if (const auto known = known_files_.find({mapping.device, mapping.inode});
        known != known_files_.end() && known->second.stamp == stamp) {
        note(of_process(known->second.foreign, pid));
        if (!known->second.is_probed) {
            return;
        }
    }
    auto plan = planner_.plan_mapped_file(pid, mapping.path, mapping.inode);
    if (!plan) {
        return;
    }
    // What it needs is mapped as well, and told of then.
    std::erase_if(plan->skipped, [&](const SkippedTarget& target) { return target.path != mapping.path; });
    known_files_[{mapping.device, mapping.inode}] = {!plan->libraries.empty(), stamp, plan->skipped};
    plan->skipped = of_process(plan->skipped, pid);
    for (auto* const libraries : {&plan->libraries, &plan->transport_libraries}) {
        for (LibraryPlan& library : *libraries) {
            library.processes = {pid};
        }
    }
    attach_plan(std::move(*plan), now);
}

/// What it mapped comes first: it may wait to be looked at.
UncoveredTls LibraryTracker::describe_uncovered(std::uint32_t pid) {
    take_mappings();
    for (auto* const waiting : {&passed_over_, &mappings_}) {
        const auto is_own = [pid](const NewMapping& mapping) { return mapping.pid == pid; };
        std::vector<NewMapping> own;
        std::ranges::copy_if(*waiting, std::back_inserter(own), is_own);
        std::erase_if(*waiting, is_own);
        std::ranges::for_each(own, [&](const NewMapping& mapping) { look_at(mapping, monotonic_now()); });
    }
    if (const auto process = static_cast<pid_t>(pid); !in_use_.knows(pid)) {
        // One that was forked, or there before the capture began.
        AttachPlan plan = planner_.plan_processes(std::span(&process, 1));
        note(plan.skipped);
        std::ranges::for_each(plan.libraries, [&](const LibraryPlan& library) { note(library, false); });
    }
    return in_use_.describe(pid);
}

}  // namespace sslsniff
