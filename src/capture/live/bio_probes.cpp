#include "capture/live/bio_probes.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "capture/live/planned_file.h"

namespace sslsniff {

namespace {

using std::chrono::seconds;

constexpr seconds kLookInterval{1};
constexpr seconds kIdle{5};
constexpr std::size_t kEarlyProcesses = 64;

}  // namespace

void BioProbes::attach(std::uint32_t pid, const std::vector<LibraryPlan>& libraries, Clock now,
                       std::vector<std::string>& remarks) {
    if (has(pid)) {
        return;
    }
    Process process{{}, now};
    for (const LibraryPlan& library : libraries) {
        if (is_for_everybody(library)) {
            continue;
        }
        if (auto links = attach_file(library, static_cast<pid_t>(pid), remarks)) {
            process.links.push_back(std::move(*links));
        }
    }
    processes_.emplace(pid, std::move(process));
    maps_.mark_attached(pid);
}

std::optional<ProbeLinks> BioProbes::attach_file(const LibraryPlan& library, pid_t pid,
                                                 std::vector<std::string>& remarks) {
    const auto file = open_planned(library);
    if (!file) {
        if (!file.error().message.empty()) {
            remarks.push_back(file.error().message);
        }
        return std::nullopt;
    }
    const ProbeTarget target = {fmt::format("/proc/self/fd/{}", file->get()), library.display_path, 0, pid};
    return attach_probes(programs_, sites_, library.functions, target, remarks);
}

bool BioProbes::is_for_everybody(const LibraryPlan& library) const {
    return std::ranges::any_of(everybody_,
                               [&](const Library& known) { return is_same_file(known.plan, library); });
}

void BioProbes::attach_everybody(std::span<const LibraryPlan> libraries, Clock now,
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

void BioProbes::detach_everybody() {
    std::vector<ProbeLinks> links;
    links.reserve(everybody_.size());
    for (Library& library : everybody_) {
        links.push_back(std::move(library.links));
    }
    everybody_.clear();
    detacher_.detach(std::move(links));
    std::erase_if(processes_, [this](const auto& process) {
        const bool has_none = process.second.links.empty();
        if (has_none) {
            maps_.forget_process(process.first);
        }
        return has_none;
    });
}

void BioProbes::attach_early(std::uint32_t pid, const std::vector<LibraryPlan>& libraries, Clock now,
                             std::vector<std::string>& remarks) {
    if (has(pid) || libraries.empty() || processes_.size() >= kEarlyProcesses) {
        return;
    }
    attach(pid, libraries, now, remarks);
    maps_.mark_early(pid);
}

void BioProbes::detach_idle(Clock now) {
    if (now < next_look_) {
        return;
    }
    next_look_ = now + kLookInterval;
    for (auto process = processes_.begin(); process != processes_.end();) {
        const auto need = maps_.need(process->first);
        // The need may have been told of late.
        if (need && (need->may_come || now - std::max(need->last, process->second.attached) < kIdle)) {
            ++process;
            continue;
        }
        maps_.forget_process(process->first);
        detacher_.detach(std::move(process->second.links));
        process = processes_.erase(process);
    }
    if (!processes_.empty()) {
        needed_by_everybody_ = now;
    } else if (are_for_everybody() && now - needed_by_everybody_ >= kIdle) {
        detach_everybody();
    }
}

}  // namespace sslsniff
