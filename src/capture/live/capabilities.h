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

/// What this kernel would make use of, and does not find in the effective set: essential ones first.
std::vector<MissingCapability> missing_capabilities();

}  // namespace sslsniff
