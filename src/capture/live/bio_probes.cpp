#include "capture/live/bio_probes.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace sslsniff {

namespace {

using std::chrono::seconds;

constexpr seconds kLookInterval{1};
constexpr seconds kIdle{5};
constexpr std::size_t kEarlyProcesses = 64;

bool is_read(const ProbeSite& site) {
    return site.function == TLS_FN_BIO_READ || site.function == TLS_FN_BIO_READ_INTERNAL;
}

}  // namespace

void BioProbes::attach(std::uint32_t pid, const std::vector<LibraryPlan>& libraries,
                       std::vector<std::string>& remarks) {
    if (has(pid)) {
        return;
    }
    const bool cookies = programs_.backends().attach_cookies;
    Process process;
    for (const LibraryPlan& library : libraries) {
        const auto file = open_planned(library);
        if (!file) {
            remarks.push_back(file.error().message);
            continue;
        }
        ProbeTarget target = {fmt::format("/proc/self/fd/{}", file->get()), library.display_path, 0,
                              static_cast<pid_t>(pid)};
        // What BIO_write did with its octets does not matter.
        std::vector<ProbeSite> reads;
        std::ranges::copy_if(library.sites, std::back_inserter(reads), is_read);
        target.is_return = true;
        process.returns.push_back(
            attach_probes(programs_, programs_.program("bio_return"), reads, target, remarks));
        target.is_return = false;
        process.entries.push_back(attach_probes(programs_, cookies ? programs_.program("bio_entry") : nullptr,
                                                library.sites, target, remarks));
    }
    processes_.emplace(pid, std::move(process));
    maps_.mark_attached(pid);
}

void BioProbes::attach_early(std::uint32_t pid, const std::vector<LibraryPlan>& libraries,
                             std::vector<std::string>& remarks) {
    if (has(pid) || libraries.empty() || processes_.size() >= kEarlyProcesses) {
        return;
    }
    attach(pid, libraries, remarks);
    maps_.mark_early(pid);
}

void BioProbes::detach_idle(Clock now) {
    if (now < next_look_) {
        return;
    }
    next_look_ = now + kLookInterval;
    std::erase_if(processes_, [&](const auto& entry) {
        const auto need = maps_.need(entry.first);
        if (need && (need->may_come || now - need->last < kIdle)) {
            return false;
        }
        maps_.forget_process(entry.first);
        return true;
    });
}

}  // namespace sslsniff
