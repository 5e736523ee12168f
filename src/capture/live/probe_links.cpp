#include "capture/live/probe_links.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <system_error>
#include <thread>
#include <utility>
#include <variant>

#include "base/text.h"
#include "capture/live/libbpf_log.h"

namespace sslsniff {

namespace {

constexpr std::size_t kDetachingThreads = 32;

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

/// One uprobe.
struct Probe {
    const bpf_program* program = nullptr;
    std::uint64_t offset = 0;
    std::uint32_t cookie = 0;
    std::string_view symbol;  ///< for messages
};

/// The programs and sites of functions, as probes; each place once.
class ProbeCollector {
  public:
    ProbeCollector(const CapturePrograms& programs, SiteTable& table, std::uint32_t library)
        : programs_(programs), table_(table), library_(library) {}

    /// False when the kernel's table of sites is full.
    bool add(const ProbedFunction& function) {
        const bool cookies = programs_.backends().attach_cookies;
        const CallSites& sites = cookies ? function.best : function.plain;
        const tls_call call = function.form.call;
        const bool record = is_record_call(call);
        const bool transport = is_transport_call(call);
        if (record && !cookies) {
            return true;
        }
        tls_site site = site_of(function.form, sites.entry.stack);
        site.library = cookies ? library_ : 0;
        if (!cookies) {
            site.flags &= static_cast<std::uint8_t>(~SITE_BY_RECORDS);
        }
        const auto entry = table_.number(site);
        if (!entry) {
            return false;
        }
        const std::string kind = transport ? "transport" : "tls";
        const std::string name = record    ? "tls_record"
                                 : cookies ? kind + "_entry"
                                           : fmt::format("{}entry_{}", transport ? "transport_" : "", *entry);
        put(record ? records : entries,
            {programs_.program(name.c_str()), sites.entry.file_offset, *entry, function.symbol});
        const bpf_program* const on_return =
            programs_.program((kind + (cookies ? "_return" : "_return_0")).c_str());
        for (const ProbeSite& place : sites.returns) {
            tls_site back{};
            if (cookies && function.at_return) {
                back = site_of(*function.at_return, place.stack);
                back.library = library_;
            }
            back.stack = static_cast<std::uint16_t>(place.stack);
            const bool is_empty = back.stack == 0 && back.call == CALL_NONE;
            const auto number = is_empty ? 0 : table_.number(back);
            if (!number) {
                return false;
            }
            put(returns, {on_return, place.file_offset, *number, function.symbol});
        }
        return true;
    }

    std::vector<Probe> entries;
    std::vector<Probe> returns;
    std::vector<Probe> records;

  private:
    static tls_value value_of(const CallValue& value) { return {value.place, value.bytes, value.offset}; }
    static tls_site site_of(const CallForm& form, std::uint32_t stack) {
        tls_site site{};
        site.call = static_cast<std::uint8_t>(form.call);
        site.result = static_cast<std::uint8_t>(form.result);
        site.result_bytes = form.result_bytes;
        site.flags = form.flags;
        site.handle = value_of(form.handle);
        site.buffer = value_of(form.buffer);
        site.length = value_of(form.length);
        site.moved = value_of(form.moved);
        site.type = value_of(form.type);
        site.unread = value_of(form.unread);
        site.stack = static_cast<std::uint16_t>(stack);
        site.moved_bytes = form.moved_bytes;
        site.slice = form.slice;
        site.number = value_of(form.number);
        site.first_type = form.first_type;
        site.uses_no_socket = form.uses_no_socket ? 1 : 0;
        return site;
    }
    static void put(std::vector<Probe>& probes, const Probe& probe) {
        if (std::ranges::find(probes, probe.offset, &Probe::offset) == probes.end()) {
            probes.push_back(probe);
        }
    }

    const CapturePrograms& programs_;
    SiteTable& table_;
    std::uint32_t library_;
};

std::uint64_t cookie_of(const Probe& probe, const ProbeTarget& target) {
    return probe.cookie | (target.pid > 0 ? COOKIE_BY_PROCESS : 0);
}

/// All of one program.
bool attach_multi(std::span<const Probe> probes, const ProbeTarget& target, ProbeLinks& links) {
    std::vector<std::uint64_t> offsets;
    std::vector<std::uint64_t> cookies;
    for (const Probe& probe : probes) {
        offsets.push_back(probe.offset);
        cookies.push_back(cookie_of(probe, target));
    }
    UprobeMultiLink attributes{};
    attributes.program_fd = static_cast<std::uint32_t>(bpf_program__fd(probes.front().program));
    attributes.attach_type = bpf_program__expected_attach_type(probes.front().program);
    attributes.path = address_of(target.path.c_str());
    attributes.offsets = address_of(offsets.data());
    attributes.cookies = address_of(cookies.data());
    attributes.count = static_cast<std::uint32_t>(offsets.size());
    attributes.pid = static_cast<std::uint32_t>(target.pid);
    UniqueFd link(static_cast<int>(syscall(SYS_bpf, BPF_LINK_CREATE, &attributes, sizeof(attributes))));
    if (!link) {
        return false;
    }
    links.probes += offsets.size();
    links.multi.push_back(std::move(link));
    return true;
}

bool attach_perf(const CapturePrograms& programs, const Probe& probe, const ProbeTarget& target,
                 ProbeLinks& links) {
    const LibbpfLog log;
    bpf_uprobe_opts options{};
    options.sz = sizeof(options);
    options.bpf_cookie = programs.backends().attach_cookies ? cookie_of(probe, target) : 0;
    Link link(probe.program == nullptr
                  ? nullptr
                  : bpf_program__attach_uprobe_opts(probe.program, target.pid > 0 ? target.pid : -1,
                                                    target.path.c_str(), probe.offset, &options));
    if (!link) {
        return false;
    }
    links.probes++;
    links.perf.push_back(std::move(link));
    return true;
}

}  // namespace

ProbeLinks attach_probes(const CapturePrograms& programs, SiteTable& table,
                         std::span<const ProbedFunction> functions, const ProbeTarget& target,
                         std::vector<std::string>& remarks) {
    ProbeLinks links;
    ProbeCollector collector(programs, table, target.library);
    for (const ProbedFunction& function : functions) {
        if (!collector.add(function)) {
            remarks.push_back(fmt::format("{} of {} is not probed: too many different libraries are in use.",
                                          function.symbol, printable(target.display_path)));
        }
    }
    // A program that was loaded for multi links must not run by perf events.
    const bool multi = programs.backends().probes != ProbeMechanism::perf;
    // Ends before beginnings, so that no call is seen to begin only.
    for (const auto* const probes : {&collector.returns, &collector.entries, &collector.records}) {
        if (probes->empty() || (multi && attach_multi(*probes, target, links))) {
            continue;
        }
        for (const Probe& probe : *probes) {
            const bool attached = multi ? attach_multi(std::span(&probe, 1), target, links)
                                        : attach_perf(programs, probe, target, links);
            if (!attached) {
                remarks.push_back(fmt::format("{} of {} cannot be probed: {}", probe.symbol,
                                              printable(target.display_path), std::strerror(errno)));
            }
        }
    }
    return links;
}

/// In threads without signals: these are for whoever called us.
void detach_probes(std::vector<ProbeLinks> links) {
    std::vector<std::variant<UniqueFd, Link>> waiting;
    for (ProbeLinks& each : links) {
        std::ranges::move(each.multi, std::back_inserter(waiting));
        std::ranges::move(each.perf, std::back_inserter(waiting));
    }
    std::atomic<std::size_t> next = 0;
    const auto detach_some = [&] {
        for (std::size_t index = next++; index < waiting.size(); index = next++) {
            waiting[index] = UniqueFd();
        }
    };
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 1; i < std::min(waiting.size(), kDetachingThreads); i++) {
            try {
                threads.emplace_back(detach_some);
            } catch (const std::system_error&) {
                break;  // with those there are it only takes longer
            }
        }
        detach_some();
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace sslsniff
