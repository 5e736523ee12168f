#include "capture/live/transport_probes.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "capture/live/planned_file.h"

namespace sslsniff {

namespace {

using std::chrono::seconds;

constexpr seconds kLookInterval{1};
constexpr seconds kIdle{5};
constexpr std::size_t kEarlyProcesses = 64;
/// Of more processes, idle probes are taken away even if they cost nothing: each holds descriptors.
constexpr std::size_t kMostIdle = 64;

}  // namespace

void TransportProbes::attach(std::uint32_t pid, const std::vector<LibraryPlan>& libraries, Clock now,
                             std::vector<std::string>& remarks) {
    if (has(pid)) {
        return;
    }
    std::vector<LibraryPlan> own;
    std::ranges::copy_if(libraries, std::back_inserter(own),
                         [this](const LibraryPlan& library) { return !is_for_everybody(library); });
    processes_.emplace(pid, Process{attach_files(pid, own, remarks), now});
    maps_.mark_attached(pid);
}

std::vector<ProbeLinks> TransportProbes::attach_files(std::uint32_t pid,
                                                      const std::vector<LibraryPlan>& libraries,
                                                      std::vector<std::string>& remarks) {
    std::vector<ProbeLinks> attached;
    for (const LibraryPlan& library : libraries) {
        if (auto links = attach_file(library, static_cast<pid_t>(pid), remarks)) {
            attached.push_back(std::move(*links));
        }
    }
    return attached;
}

std::optional<ProbeLinks> TransportProbes::attach_file(const LibraryPlan& library, pid_t pid,
                                                       std::vector<std::string>& remarks) {
    const auto file = open_planned(library);
    if (!file) {
        if (file.error().kind != ErrorKind::not_found) {
            remarks.push_back(file.error().message);
        }
        return std::nullopt;
    }
    const ProbeTarget target = {fmt::format("/proc/self/fd/{}", file->get()), library.display_path, 0, pid};
    return attach_probes(programs_, sites_, library.functions, target, remarks);
}

bool TransportProbes::is_for_everybody(const LibraryPlan& library) const {
    return std::ranges::any_of(everybody_,
                               [&](const Library& known) { return is_same_library(known.plan, library); });
}

void TransportProbes::attach_everybody(std::span<const LibraryPlan> libraries, Clock now,
                                       std::vector<std::string>& remarks) {
    for (const LibraryPlan& library : libraries) {
        if (is_for_everybody(library)) {
            continue;
        }
        auto links = attach_file(library, 0, remarks);
        if (links) {
            needed_by_everybody_ = now;
        }
        everybody_.push_back({library, std::move(links).value_or(ProbeLinks())});  // not tried again
    }
}

void TransportProbes::detach_everybody(const LibrariesOf& libraries, std::vector<std::string>& remarks) {
    for (auto at = processes_.begin(); at != processes_.end();) {
        auto& [pid, process] = *at;
        if (process.links.empty()) {
            process.links = attach_files(pid, libraries(pid), remarks);
        }
        if (process.links.empty()) {  // it asks again, if it is still there
            maps_.forget_process(pid);
            at = processes_.erase(at);
        } else {
            ++at;
        }
    }
    free_everybody();
}

void TransportProbes::free_everybody() {
    std::vector<ProbeLinks> links;
    links.reserve(everybody_.size());
    for (Library& library : everybody_) {
        links.push_back(std::move(library.links));
    }
    everybody_.clear();
    detacher_.detach(std::move(links));
}

void TransportProbes::attach_early(std::uint32_t pid, const std::vector<LibraryPlan>& libraries, Clock now,
                                   std::vector<std::string>& remarks) {
    if (has(pid) || libraries.empty() || processes_.size() >= kEarlyProcesses) {
        return;
    }
    attach(pid, libraries, now, remarks);
    maps_.mark_early(pid);
}

void TransportProbes::detach_idle(Clock now) {
    if (now < next_look_) {
        return;
    }
    next_look_ = now + kLookInterval;
    const bool cost = rate_.is_high(now, programs_.counters().transport_calls);
    const bool may_stay = !cost && processes_.size() <= kMostIdle;
    for (auto process = processes_.begin(); process != processes_.end();) {
        const auto need = maps_.need(process->first);
        // The need may have been told of late.
        if (need &&
            (need->may_come || may_stay || now - std::max(need->last, process->second.attached) < kIdle)) {
            ++process;
            continue;
        }
        maps_.forget_process(process->first);
        detacher_.detach(std::move(process->second.links));
        process = processes_.erase(process);
    }
    if (!processes_.empty() || !cost) {
        needed_by_everybody_ = now;
    } else if (are_for_everybody() && now - needed_by_everybody_ >= kIdle) {
        free_everybody();
    }
}

}  // namespace sslsniff
