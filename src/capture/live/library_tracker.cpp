#include "capture/live/library_tracker.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iterator>
#include <span>
#include <string_view>

#include "capture/discovery/proc_fs.h"

namespace sslsniff {

namespace {

constexpr std::size_t kKnownFiles = 65536;
constexpr std::array kMemoryBioPrograms = {"python", "node"};

/// With children, or filters that need the kernel to decide, probes are attached for everybody.
std::vector<pid_t> probe_pids(const TargetFilter& targets) {
    const bool only_pids = targets.comms.empty() && targets.uids.empty() && !targets.everything;
    return only_pids && !targets.children ? targets.pids : std::vector<pid_t>();
}

/// A path of the process from here: in its own mount namespace, or ours if it has ended meanwhile.
std::optional<std::string> reachable_path(pid_t pid, const std::string& path) {
    const std::string inside = ProcFs().path_of_process(pid, path);
    for (const std::string& candidate : {inside, path}) {
        if (access(candidate.c_str(), R_OK) == 0) {
            return candidate;
        }
    }
    return std::nullopt;
}

/// The inverse: without /proc/PID/root.
std::string path_in_process(pid_t pid, const std::string& path) {
    const std::string root = ProcFs().path_of_process(pid, {});
    return path.starts_with(root) ? path.substr(root.size()) : path;
}

/// Plans of one file are one plan, for all processes of both.
void merge(std::vector<LibraryPlan>& plans, LibraryPlan plan) {
    const auto same =
        std::ranges::find_if(plans, [&](const LibraryPlan& other) { return is_same_file(other, plan); });
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

bool may_define_bios(std::string_view path) {
    const std::string_view name = base_name(path);
    return name.starts_with("libcrypto") || name.starts_with("node");
}

std::string describe(const LibraryPlan& library) {
    return library.version.empty() ? library.name : library.name + " " + library.version;
}

}  // namespace

LibraryTracker::LibraryTracker(const LiveOptions& options, const CapturePrograms& programs,
                               LiveReport& report, OnAttached on_attached)
    : options_(options),
      programs_(programs),
      report_(report),
      on_attached_(std::move(on_attached)),
      attacher_(programs, probe_pids(options.targets)) {}

void LibraryTracker::attach_first() {
    // Before looking at /proc, so that nothing mapped meanwhile is missed.
    if (auto watcher = MappingWatcher::start()) {
        watcher_ = std::move(*watcher);
    } else {
        report_.remarks.push_back(watcher.error().message);
    }
    attach_plan(first_plan());
    for (const LibraryPlan& library : report_.plan.bio_libraries) {
        for (const pid_t pid : library.processes) {
            note_likely_bio(static_cast<std::uint32_t>(pid));
        }
    }
    attach_new();
}

void LibraryTracker::detach_all() {
    attacher_.detach_all();
    watcher_.reset();
}

std::vector<LibraryPlan> LibraryTracker::bio_libraries(std::uint32_t pid) {
    const auto process = static_cast<pid_t>(pid);
    return planner_.plan_processes(std::span(&process, 1)).bio_libraries;
}

std::vector<std::uint32_t> LibraryTracker::take_likely_bio_processes() {
    std::vector<std::uint32_t> taken;
    taken.swap(likely_bio_);
    return taken;
}

std::vector<int> LibraryTracker::descriptors() const {
    return watcher_ ? watcher_->descriptors() : std::vector<int>();
}

AttachPlan LibraryTracker::first_plan() {
    const TargetFilter& targets = options_.targets;
    if (targets.everything || !targets.comms.empty() || !targets.uids.empty()) {
        attach_plan(planner_.plan_standard_libraries());
        return planner_.plan_all();
    }
    if (options_.expect_exec) {
        const char* path = std::getenv("PATH");
        if (auto plan = planner_.plan_command(options_.command_path, path != nullptr ? path : "")) {
            attach_plan(std::move(*plan));
        }
        return planner_.plan_standard_libraries();
    }
    auto pids = targets.children ? ProcFs().with_descendants(targets.pids) : targets.pids;
    std::erase(pids, getpid());  // a shell that is captured may have started us
    return planner_.plan_processes(pids);
}

void LibraryTracker::attach_plan(AttachPlan plan) {
    for (LibraryPlan& library : plan.libraries) {
        attach_library(library);
        merge(report_.plan.libraries, std::move(library));
    }
    for (LibraryPlan& library : plan.bio_libraries) {
        merge(report_.plan.bio_libraries, std::move(library));
    }
    std::ranges::move(plan.skipped, std::back_inserter(report_.plan.skipped));
    report_.attached_libraries = attacher_.libraries();
    report_.attached_probes = attacher_.probes();
}

void LibraryTracker::attach_library(const LibraryPlan& library) {
    known_files_.emplace(library.file.device, library.file.inode);
    if (const auto attached = attacher_.attach(library, report_.remarks); !attached) {
        report_.remarks.push_back(attached.error().message);
    } else if (*attached) {
        on_attached_(attacher_.library_number(library), describe(library));
    }
}

bool LibraryTracker::concerns_us(std::uint32_t pid) const {
    const TargetFilter& targets = options_.targets;
    // Of the rest, the kernel knows: it also tells children apart.
    return targets.everything || !targets.comms.empty() || !targets.uids.empty() || programs_.is_target(pid);
}

/// False when it is known already.
bool LibraryTracker::remember(const NewMapping& mapping) {
    if (known_files_.size() >= kKnownFiles) {
        known_files_.clear();
    }
    return known_files_.emplace(mapping.device, mapping.inode).second;
}

/// Only of processes that are certainly captured: probes cost those that are not.
void LibraryTracker::note_likely_bio(std::uint32_t pid) {
    if (!options_.targets.everything && !programs_.is_target(pid)) {
        return;
    }
    const auto status = ProcFs().status(static_cast<pid_t>(pid));
    const std::string_view program = status ? base_name(status->info.exe) : std::string_view();
    if (std::ranges::any_of(kMemoryBioPrograms,
                            [&](const char* name) { return program.starts_with(name); }) &&
        std::ranges::find(likely_bio_, pid) == likely_bio_.end()) {
        likely_bio_.push_back(pid);
    }
}

void LibraryTracker::attach_new() {
    if (!watcher_) {
        return;
    }
    for (const NewMapping& mapping : watcher_->take()) {
        if (!concerns_us(mapping.pid)) {
            continue;
        }
        if (may_define_bios(mapping.path)) {
            note_likely_bio(mapping.pid);
        }
        if (!remember(mapping)) {
            continue;
        }
        const auto pid = static_cast<pid_t>(mapping.pid);
        const auto path = reachable_path(pid, mapping.path);
        if (!path) {
            known_files_.erase({mapping.device, mapping.inode});
            continue;
        }
        AttachPlan plan = planner_.plan_file(*path);
        for (LibraryPlan& library : plan.libraries) {
            library.display_path = path_in_process(pid, library.display_path);
            library.processes = {pid};
        }
        plan.skipped.clear();  // most mapped files have nothing to do with TLS
        attach_plan(std::move(plan));
    }
}

}  // namespace sslsniff
