#include "capture/live/preflight.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <utility>

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

constexpr std::array<std::pair<unsigned, std::string_view>, 3> kNeeded = {{
    {CAP_BPF, "CAP_BPF"},                // maps and programs
    {CAP_PERFMON, "CAP_PERFMON"},        // uprobes, reading memory in programs
    {CAP_SYS_PTRACE, "CAP_SYS_PTRACE"},  // /proc/PID of other users
}};

}  // namespace

std::vector<std::string> missing_capabilities() {
    const std::uint64_t have = effective_capabilities();
    const bool admin = (have & (1ULL << CAP_SYS_ADMIN)) != 0;
    std::vector<std::string> missing;
    for (const auto& [number, name] : kNeeded) {
        const bool implied = admin && number != CAP_SYS_PTRACE;
        if (!implied && (have & (1ULL << number)) == 0) {
            missing.emplace_back(name);
        }
    }
    return missing;
}

bool kernel_is_at_least(unsigned major, unsigned minor) {
    utsname name{};
    unsigned running_major = 0;
    unsigned running_minor = 0;
    if (uname(&name) != 0 ||
        std::sscanf(static_cast<const char*>(name.release), "%u.%u", &running_major, &running_minor) != 2) {
        return false;
    }
    return std::pair(running_major, running_minor) >= std::pair(major, minor);
}

std::vector<std::string> obstacles() {
    std::vector<std::string> found;
    if (const auto missing = missing_capabilities(); !missing.empty()) {
        found.push_back(fmt::format("Live capture needs {}: run sslsniff as root, for instance with sudo.",
                                    fmt::join(missing, ", ")));
    }
    if (!kernel_is_at_least(5, 8)) {
        found.emplace_back("Live capture needs Linux 5.8 or newer (BPF ring buffers).");
    }
    return found;
}

}  // namespace sslsniff
