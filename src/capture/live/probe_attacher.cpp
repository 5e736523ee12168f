#include "capture/live/probe_attacher.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "capture/live/planned_file.h"

namespace sslsniff {

namespace {

/// Its payload is seen elsewhere, record by record; it only tells which socket a connection has.
bool is_only_call(const ProbedFunction& function, bool reads_by_records) {
    const CallForm& form = function.form;
    const bool by_records = (form.flags & SITE_BY_RECORDS) != 0 && (form.flags & SITE_EARLY) == 0;
    return by_records || (form.call == CALL_PEEK && reads_by_records);
}

/// Those that are only probed for sockets (`only_calls`), or the others.
std::vector<ProbedFunction> select(const LibraryPlan& library, bool only_calls) {
    const bool reads_by_records = std::ranges::any_of(library.functions, [](const ProbedFunction& function) {
        return function.form.call == CALL_RECORD_READ;
    });
    std::vector<ProbedFunction> selected;
    std::ranges::copy_if(library.functions, std::back_inserter(selected),
                         [&](const ProbedFunction& function) {
                             return is_only_call(function, reads_by_records) == only_calls;
                         });
    return selected;
}

}  // namespace

Result<bool> ProbeAttacher::add(const LibraryPlan& library, bool expected) {
    const auto known = std::ranges::find_if(
        libraries_, [&](const Library& other) { return is_same_library(other.plan, library); });
    if (known != libraries_.end()) {
        std::vector<pid_t> processes;
        std::ranges::set_union(known->plan.processes, library.processes, std::back_inserter(processes));
        known->plan.processes = std::move(processes);
        known->expected |= expected;
        return false;
    }
    if (library.functions.empty()) {
        return false;
    }
    auto file = open_planned(library);
    if (!file) {
        return std::unexpected(file.error());
    }
    const auto number = static_cast<std::uint32_t>(libraries_.size() + 1);
    libraries_.push_back({library, *std::move(file), number, expected, {}});
    return true;
}

void ProbeAttacher::attach_everybody(std::vector<std::string>& remarks) {
    for (Library& library : libraries_) {
        if (!library.links.contains(kEverybody)) {
            library.links.emplace(kEverybody, attach(library, kEverybody, remarks));
        }
    }
}

void ProbeAttacher::detach_everybody() {
    detacher_.detach(take_links(std::span(&kEverybody, 1)));
}

std::vector<std::string> ProbeAttacher::attach_process(pid_t pid) {
    std::vector<std::string> refused;
    for (Library& library : libraries_) {
        const bool wanted = library.expected || std::ranges::binary_search(library.plan.processes, pid);
        if (wanted && refused.empty() && !library.links.contains(pid)) {
            Probes probes = attach(library, pid, refused);
            if (refused.empty()) {
                library.links.emplace(pid, std::move(probes));
            }
        }
    }
    return refused;
}

void ProbeAttacher::detach_processes(std::span<const pid_t> pids) {
    detacher_.detach(take_links(pids));
    for (Library& library : libraries_) {
        std::erase_if(library.plan.processes,
                      [&](pid_t pid) { return std::ranges::find(pids, pid) != pids.end(); });
    }
}

void ProbeAttacher::attach_calls(std::vector<std::string>& remarks) {
    if (std::exchange(has_calls_, true)) {
        return;
    }
    for (Library& library : libraries_) {
        for (auto& [pid, probes] : library.links) {
            std::vector<std::string> refused;
            probes.calls = attach_part(library, Part::calls, pid, refused);
            if (pid == kEverybody ||
                programs_.is_target(static_cast<std::uint32_t>(pid))) {  // else it has ended
                std::ranges::move(refused, std::back_inserter(remarks));
            }
        }
    }
}

void ProbeAttacher::detach_calls() {
    has_calls_ = false;
    std::vector<ProbeLinks> links;
    for (Library& library : libraries_) {
        for (auto& each : library.links) {
            links.push_back(std::exchange(each.second.calls, {}));
        }
    }
    detacher_.detach(std::move(links));
}

void ProbeAttacher::detach_all() {
    std::vector<ProbeLinks> links;
    for (Library& library : libraries_) {
        for (auto& each : library.links) {
            links.push_back(std::move(each.second.lasting));
            links.push_back(std::move(each.second.calls));
        }
    }
    libraries_.clear();
    detach_probes(std::move(links));
}

std::vector<ProbeLinks> ProbeAttacher::take_links(std::span<const pid_t> pids) {
    std::vector<ProbeLinks> links;
    for (Library& library : libraries_) {
        for (const pid_t pid : pids) {
            if (auto node = library.links.extract(pid)) {
                links.push_back(std::move(node.mapped().lasting));
                links.push_back(std::move(node.mapped().calls));
            }
        }
    }
    return links;
}

std::size_t ProbeAttacher::probes() const {
    std::size_t probes = 0;
    for (const Library& library : libraries_) {
        for (const auto& [pid, each] : library.links) {
            probes += each.lasting.probes + each.calls.probes;
        }
    }
    return probes;
}

std::uint32_t ProbeAttacher::library_number(const LibraryPlan& library) const {
    const auto found = std::ranges::find_if(
        libraries_, [&](const Library& known) { return is_same_library(known.plan, library); });
    return found != libraries_.end() ? found->number : 0;
}

ProbeAttacher::Probes ProbeAttacher::attach(const Library& library, pid_t pid,
                                            std::vector<std::string>& remarks) {
    Probes probes;
    if (has_calls_) {
        probes.calls = attach_part(library, Part::calls, pid, remarks);
    }
    probes.lasting = attach_part(library, Part::lasting, pid, remarks);
    return probes;
}

ProbeLinks ProbeAttacher::attach_part(const Library& library, Part part, pid_t pid,
                                      std::vector<std::string>& remarks) {
    const ProbeTarget target = {fmt::format("/proc/self/fd/{}", library.file.get()),
                                library.plan.display_path, library.number, pid};
    return attach_probes(programs_, sites_, select(library.plan, part == Part::calls), target, remarks);
}

}  // namespace sslsniff
