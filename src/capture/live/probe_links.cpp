#include "capture/live/probe_links.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstring>

#include "capture/live/libbpf_log.h"

namespace sslsniff {

namespace {

constexpr std::uint32_t kUprobeMultiReturn = 1;  // BPF_F_UPROBE_MULTI_RETURN

/// The part of union bpf_attr that BPF_LINK_CREATE reads for uprobe-multi (include/uapi/linux/bpf.h, Linux
/// 6.6): neither the headers nor the libbpf of Debian 12 have it.
struct UprobeMultiLink {
    std::uint32_t program_fd;
    std::uint32_t target_fd;
    std::uint32_t attach_type;
    std::uint32_t flags;
    std::uint64_t path;
    std::uint64_t offsets;
    std::uint64_t reference_counter_offsets;
    std::uint64_t cookies;
    std::uint32_t count;
    std::uint32_t multi_flags;
    std::uint32_t pid;
    std::uint32_t reserved;
};

std::uint64_t address_of(const void* pointer) {
    return reinterpret_cast<std::uintptr_t>(pointer);
}

bool attach_multi(const bpf_program* program, std::span<const ProbeSite> sites, const ProbeTarget& target,
                  ProbeLinks& links) {
    std::vector<std::uint64_t> offsets;
    std::vector<std::uint64_t> cookies;
    for (const ProbeSite& site : sites) {
        offsets.push_back(site.file_offset);
        cookies.push_back(COOKIE(site.function, target.library));
    }
    UprobeMultiLink attributes{};
    attributes.program_fd = static_cast<std::uint32_t>(bpf_program__fd(program));
    attributes.attach_type = bpf_program__expected_attach_type(program);
    attributes.path = address_of(target.path.c_str());
    attributes.offsets = address_of(offsets.data());
    attributes.cookies = address_of(cookies.data());
    attributes.count = static_cast<std::uint32_t>(offsets.size());
    attributes.multi_flags = target.is_return ? kUprobeMultiReturn : 0;
    attributes.pid = static_cast<std::uint32_t>(target.pid);
    UniqueFd link(static_cast<int>(syscall(SYS_bpf, BPF_LINK_CREATE, &attributes, sizeof(attributes))));
    if (!link) {
        return false;
    }
    links.probes += offsets.size();
    links.multi.push_back(std::move(link));
    return true;
}

bool attach_perf(const CapturePrograms& programs, const bpf_program* program, const ProbeSite& site,
                 const ProbeTarget& target, ProbeLinks& links) {
    const LibbpfLog log;
    bpf_uprobe_opts options{};
    options.sz = sizeof(options);
    options.retprobe = target.is_return;
    options.bpf_cookie = program != nullptr && !target.is_return ? COOKIE(site.function, target.library) : 0;
    if (program == nullptr) {
        program = programs.entry_program(site.function);
    }
    Link link(program == nullptr
                  ? nullptr
                  : bpf_program__attach_uprobe_opts(program, target.pid > 0 ? target.pid : -1,
                                                    target.path.c_str(), site.file_offset, &options));
    if (!link) {
        return false;
    }
    links.probes++;
    links.perf.push_back(std::move(link));
    return true;
}

}  // namespace

ProbeLinks attach_probes(const CapturePrograms& programs, const bpf_program* program,
                         std::span<const ProbeSite> sites, const ProbeTarget& target,
                         std::vector<std::string>& remarks) {
    ProbeLinks links;
    // A program that was loaded for multi links must not run by perf events.
    const bool multi = programs.backends().probes != ProbeMechanism::perf;
    if (sites.empty() || (multi && attach_multi(program, sites, target, links))) {
        return links;
    }
    for (const ProbeSite& site : sites) {
        const bool attached = multi ? attach_multi(program, std::span(&site, 1), target, links)
                                    : attach_perf(programs, program, site, target, links);
        if (!attached) {
            remarks.push_back(fmt::format("{} of {} cannot be probed: {}", site.symbol, target.display_path,
                                          std::strerror(errno)));
        }
    }
    return links;
}

Result<UniqueFd> open_planned(const LibraryPlan& library) {
    UniqueFd file(::open(library.open_path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status{};
    if (!file || fstat(file.get(), &status) != 0) {
        return fail(fmt::format("{} cannot be opened ({}): its TLS calls are not captured.",
                                library.display_path, std::strerror(errno)));
    }
    if (status.st_dev != library.file.device || status.st_ino != library.file.inode) {
        return fail(
            fmt::format("{} was replaced meanwhile: its TLS calls are not captured.", library.display_path));
    }
    return file;
}

}  // namespace sslsniff
