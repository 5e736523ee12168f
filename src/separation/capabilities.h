#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace sslsniff {

/// What a process that keeps privileges needs them for.
struct PrivilegedWork {
    bool probes = false;     ///< attaching, and looking into other processes
    bool sys_admin = false;  ///< attaching takes CAP_SYS_ADMIN here
    bool files = false;      ///< making files where its user may not, and giving them away
    bool signals = false;    ///< to a command of another user
};

/// Of the process that keeps them, as ps shows it: at most 15 bytes.
inline constexpr const char* kAttacherName = "sslsniff-attach";

/// Those of this process that `work` needs: "CAP_BPF".
std::vector<std::string> kept_capabilities(const PrivilegedWork& work);

/// Takes from this process, for good, every capability that `work` does not need. Its user stays.
/// Nothing gives it new ones.
Result<void> keep_capabilities(const PrivilegedWork& work);

/// Takes every capability from this process, and leaves those alone that its children may gain.
Result<void> drop_capabilities();

}  // namespace sslsniff
