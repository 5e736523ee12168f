#pragma once

#include <string>
#include <vector>

namespace sslsniff {

/// A capability (capabilities(7)) that this process does not have, though a capture here could use it.
struct MissingCapability {
    std::string name;        ///< "CAP_BPF"
    bool essential = false;  ///< nothing can be captured without it
    std::string cost;        ///< what is missing then; goes on after "Without CAP_BPF, "
};

/// Whether the effective set has the capability, by its number (linux/capability.h). CAP_SYS_ADMIN stands for
/// those that were split from it, as it does for the kernel.
bool has_capability(unsigned capability);

/// Perf events are refused to processes that have CAP_PERFMON alone: kernel.perf_event_paranoid is above 2,
/// which kernels of Debian and Ubuntu know, and have from the start (findings/perf_events_need_sys_admin.sh).
bool perf_events_are_restricted();
/// Probes take CAP_SYS_ADMIN: before Linux 6.6 they are perf events, for which CAP_PERFMON is not enough.
bool probes_are_perf_events();

/// What this kernel would make use of, and does not find in the effective set: essential ones first.
std::vector<MissingCapability> missing_capabilities();

}  // namespace sslsniff
