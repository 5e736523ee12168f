#include "capture/live/capabilities.h"

#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <fstream>

#include "capture/live/kernel_symbols.h"
#include "capture/live/preflight.h"

namespace sslsniff {

namespace {

std::uint64_t effective_capabilities() {
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
    if (syscall(SYS_capget, &header, data.data()) != 0) {
        return 0;
    }
    return data[0].effective | static_cast<std::uint64_t>(data[1].effective) << 32U;
}

constexpr std::uint64_t bit(unsigned capability) {
    return 1ULL << capability;
}

/// Before Linux 5.11 the memory of maps counts as locked, and libbpf raises the limit.
bool needs_locked_memory() {
    rlimit limit{};
    return !kernel_is_at_least(5, 11) &&
           (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_max != RLIM_INFINITY);
}

bool always() {
    return true;
}

/// The cgroup programs of UDP belong to the socket tracepoints.
bool has_socket_tracepoints() {
    return kernel_is_at_least(6, 3);
}

bool may_read_all_files() {
    return has_capability(CAP_DAC_OVERRIDE);
}

/// Those whose probes do not have this reason to want the capability.
bool only_watching_is_restricted() {
    return !probes_are_perf_events() && perf_events_are_restricted();
}

struct Use {
    unsigned capability;
    const char* name;
    bool (*is_used)();
    const char* cost;  // null: essential
};

constexpr std::array<Use, 10> kUses = {{
    {CAP_BPF, "CAP_BPF", always, nullptr},          // maps and programs
    {CAP_PERFMON, "CAP_PERFMON", always, nullptr},  // uprobes, reading memory in programs
    {CAP_SYS_RESOURCE, "CAP_SYS_RESOURCE", needs_locked_memory, nullptr},
    {CAP_SYS_ADMIN, "CAP_SYS_ADMIN", probes_are_perf_events, nullptr},
    {CAP_SYS_ADMIN, "CAP_SYS_ADMIN", only_watching_is_restricted,
     "TLS libraries that are loaded later are not captured, unless others use them already (setting the "
     "sysctl kernel.perf_event_paranoid to 2 does as well)"},
    {CAP_SYS_PTRACE, "CAP_SYS_PTRACE", always,
     "TLS libraries and executables of other users' processes are not found: of these processes only "
     "cleartext and "
     "what uses the system's OpenSSL is captured"},
    {CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", [] { return !may_read_all_files(); },
     "TLS libraries in folders that this user may not read are not captured"},
    {CAP_CHECKPOINT_RESTORE, "CAP_CHECKPOINT_RESTORE", [] { return kernel_is_at_least(5, 9); },
     "TLS libraries that were replaced or deleted on disk are not captured in processes that still use them"},
    {CAP_NET_ADMIN, "CAP_NET_ADMIN", has_socket_tracepoints,
     "the senders of UDP datagrams can stay unknown where a socket has several peers, and connections of UDP "
     "sockets end "
     "when they are silent for a minute"},
    {CAP_SYSLOG, "CAP_SYSLOG", [] { return !kernel_addresses_shown(); },
     "what sendfile and splice send without TLS is only counted"},
}};

}  // namespace

bool has_capability(unsigned capability) {
    const std::uint64_t have = effective_capabilities();
    const bool split = capability == CAP_BPF || capability == CAP_PERFMON || capability == CAP_NET_ADMIN ||
                       capability == CAP_CHECKPOINT_RESTORE;
    return (have & bit(capability)) != 0 || (split && (have & bit(CAP_SYS_ADMIN)) != 0);
}

bool perf_events_are_restricted() {
    constexpr int kHighestOfLinux = 2;
    std::ifstream file("/proc/sys/kernel/perf_event_paranoid");
    int level = 0;
    return file >> level && level > kHighestOfLinux;
}

bool probes_are_perf_events() {
    return !kernel_is_at_least(6, 6);
}

std::vector<MissingCapability> missing_capabilities() {
    std::vector<MissingCapability> missing;
    for (const Use& use : kUses) {
        if (!has_capability(use.capability) && use.is_used()) {
            const bool essential = use.cost == nullptr;
            missing.push_back({use.name, essential, essential ? "nothing can be captured" : use.cost});
        }
    }
    return missing;
}

}  // namespace sslsniff
