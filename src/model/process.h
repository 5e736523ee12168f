#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace sslsniff {

/// Identifies a process beyond pid reuse.
struct ProcessKey {
    std::uint32_t pid = 0;         ///< tgid in the initial pid namespace; 0 when unknown (foreign captures)
    std::uint64_t start_time = 0;  ///< ns since boot (task_struct.start_boottime); 0 when unknown
    auto operator<=>(const ProcessKey&) const = default;
};

struct ProcessInfo {
    ProcessKey key;
    std::string comm;          ///< at most 15 bytes (TASK_COMM_LEN - 1), chosen by the process: hostile
    std::string exe;           ///< path in the process's mount namespace; empty when unknown
    std::uint32_t uid = 0;     ///< real uid in the initial user namespace
    std::string container_id;  ///< 64 hex digits or the runtime's own form; empty outside containers
    bool operator==(const ProcessInfo&) const = default;
};

}  // namespace sslsniff
