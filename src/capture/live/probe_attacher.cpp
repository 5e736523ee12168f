#include "capture/live/probe_attacher.h"

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

constexpr std::uint32_t kUprobeMulti = 48;       // BPF_TRACE_UPROBE_MULTI
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

}  // namespace

Result<bool> ProbeAttacher::attach(const LibraryPlan& library, std::vector<std::string>& remarks) {
    if (library.sites.empty() || attached_.contains(library.file)) {
        return false;
    }
    const UniqueFd file(::open(library.open_path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status{};
    if (!file || fstat(file.get(), &status) != 0) {
        return fail(fmt::format("{} cannot be opened ({}): its TLS calls are not captured.",
                                library.display_path, std::strerror(errno)));
    }
    if (status.st_dev != library.file.device || status.st_ino != library.file.inode) {
        return fail(
            fmt::format("{} was replaced meanwhile: its TLS calls are not captured.", library.display_path));
    }
    const Target target = {library, fmt::format("/proc/self/fd/{}", file.get()), last_number_ + 1};
    Attached attached;
    attached.number = target.number;
    attached.returns = attach_side(target, Side::ret, remarks);
    attached.entries = attach_side(target, Side::entry, remarks);
    last_number_ = target.number;
    attached_.emplace(library.file, std::move(attached));
    return true;
}

void ProbeAttacher::detach_all() {
    for (auto& [file, attached] : attached_) {
        attached.entries = {};
    }
    attached_.clear();
    probes_ = 0;
}

std::uint32_t ProbeAttacher::library_number(FileId file) const {
    const auto found = attached_.find(file);
    return found != attached_.end() ? found->second.number : 0;
}

ProbeAttacher::Probes ProbeAttacher::attach_side(const Target& target, Side side,
                                                 std::vector<std::string>& remarks) {
    Probes probes;
    const std::vector<pid_t> everyone = {0};
    for (const pid_t pid : pids_.empty() ? everyone : pids_) {
        if (programs_.backends().probes != ProbeMechanism::multi ||
            !attach_multi(target, side, pid, probes)) {
            attach_perf(target, side, pid, probes, remarks);
        }
    }
    return probes;
}

bool ProbeAttacher::attach_multi(const Target& target, Side side, pid_t pid, Probes& probes) {
    std::vector<std::uint64_t> offsets;
    std::vector<std::uint64_t> cookies;
    for (const ProbeSite& site : target.library.sites) {
        if (side == Side::entry || site.with_return) {
            offsets.push_back(site.file_offset);
            cookies.push_back(COOKIE(site.function, target.number));
        }
    }
    if (offsets.empty()) {
        return true;
    }
    const bpf_program* program = programs_.program(side == Side::entry ? "tls_entry" : "tls_return");
    UprobeMultiLink attributes{};
    attributes.program_fd = static_cast<std::uint32_t>(bpf_program__fd(program));
    attributes.attach_type = kUprobeMulti;
    attributes.path = address_of(target.path.c_str());
    attributes.offsets = address_of(offsets.data());
    attributes.cookies = address_of(cookies.data());
    attributes.count = static_cast<std::uint32_t>(offsets.size());
    attributes.multi_flags = side == Side::ret ? kUprobeMultiReturn : 0;
    attributes.pid = static_cast<std::uint32_t>(pid);
    UniqueFd link(static_cast<int>(syscall(SYS_bpf, BPF_LINK_CREATE, &attributes, sizeof(attributes))));
    if (!link) {
        return false;
    }
    probes_ += offsets.size();
    probes.multi.push_back(std::move(link));
    return true;
}

void ProbeAttacher::attach_perf(const Target& target, Side side, pid_t pid, Probes& probes,
                                std::vector<std::string>& remarks) {
    const LibbpfLog log;
    for (const ProbeSite& site : target.library.sites) {
        if (side == Side::ret && !site.with_return) {
            continue;
        }
        bpf_uprobe_opts options{};
        options.sz = sizeof(options);
        options.retprobe = side == Side::ret;
        bpf_program* program = programs_.program("tls_return");
        if (side == Side::entry) {
            const bool cookies = programs_.backends().attach_cookies;
            program = cookies ? programs_.program("tls_entry") : programs_.entry_program(site.function);
            options.bpf_cookie = cookies ? COOKIE(site.function, target.number) : 0;
        }
        Link link(program == nullptr
                      ? nullptr
                      : bpf_program__attach_uprobe_opts(program, pid > 0 ? pid : -1, target.path.c_str(),
                                                        site.file_offset, &options));
        if (!link) {
            remarks.push_back(fmt::format("{} of {} cannot be probed: {}", site.symbol,
                                          target.library.display_path, std::strerror(errno)));
            continue;
        }
        probes_++;
        probes.perf.push_back(std::move(link));
    }
}

}  // namespace sslsniff
