#include "capture/live/probe_attacher.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace sslsniff {

Result<bool> ProbeAttacher::attach(const LibraryPlan& library, std::vector<std::string>& remarks) {
    if (library.sites.empty() || library_number(library) != 0) {
        return false;
    }
    const auto file = open_planned(library);
    if (!file) {
        return std::unexpected(file.error());
    }
    const ProbeTarget target = {fmt::format("/proc/self/fd/{}", file->get()), library.display_path,
                                last_number_ + 1};
    Attached attached;
    attached.library = library;
    attached.number = target.library;
    attached.returns = attach_side(library, target, Side::ret, remarks);
    attached.entries = attach_side(library, target, Side::entry, remarks);
    last_number_ = target.library;
    attached_.push_back(std::move(attached));
    return true;
}

void ProbeAttacher::detach_all() {
    for (Attached& attached : attached_) {
        attached.entries.clear();
    }
    attached_.clear();
    probes_ = 0;
}

std::uint32_t ProbeAttacher::library_number(const LibraryPlan& library) const {
    const auto found = std::ranges::find_if(
        attached_, [&](const Attached& attached) { return is_same_file(attached.library, library); });
    return found != attached_.end() ? found->number : 0;
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
