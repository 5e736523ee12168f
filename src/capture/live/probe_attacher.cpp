#include "capture/live/probe_attacher.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace sslsniff {

Result<bool> ProbeAttacher::attach(const LibraryPlan& library, std::vector<std::string>& remarks) {
    if (library.sites.empty() || attached_.contains(library.file)) {
        return false;
    }
    const auto file = open_planned(library);
    if (!file) {
        return std::unexpected(file.error());
    }
    const ProbeTarget target = {fmt::format("/proc/self/fd/{}", file->get()), library.display_path,
                                last_number_ + 1};
    Attached attached;
    attached.number = target.library;
    attached.returns = attach_side(library, target, Side::ret, remarks);
    attached.entries = attach_side(library, target, Side::entry, remarks);
    last_number_ = target.library;
    attached_.emplace(library.file, std::move(attached));
    return true;
}

void ProbeAttacher::detach_all() {
    for (auto& [file, attached] : attached_) {
        attached.entries.clear();
    }
    attached_.clear();
    probes_ = 0;
}

std::uint32_t ProbeAttacher::library_number(FileId file) const {
    const auto found = attached_.find(file);
    return found != attached_.end() ? found->second.number : 0;
}

std::vector<ProbeLinks> ProbeAttacher::attach_side(const LibraryPlan& library, ProbeTarget target, Side side,
                                                   std::vector<std::string>& remarks) {
    std::vector<ProbeSite> sites;
    std::ranges::copy_if(library.sites, std::back_inserter(sites),
                         [&](const ProbeSite& site) { return side == Side::entry || site.with_return; });
    const bool cookies = programs_.backends().attach_cookies;
    const bpf_program* program = side == Side::ret ? programs_.program("tls_return")
                                 : cookies         ? programs_.program("tls_entry")
                                                   : nullptr;
    target.is_return = side == Side::ret;
    std::vector<ProbeLinks> links;
    const std::vector<pid_t> everyone = {0};
    for (const pid_t pid : pids_.empty() ? everyone : pids_) {
        target.pid = pid;
        links.push_back(attach_probes(programs_, program, sites, target, remarks));
        probes_ += links.back().probes;
    }
    return links;
}

}  // namespace sslsniff
