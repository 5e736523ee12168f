#include "capture/live/preflight.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/utsname.h>

#include <cstdio>
#include <utility>

#include "capture/live/capabilities.h"
#include "capture/live/pid_namespace.h"

namespace sslsniff {

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

std::vector<Error> obstacles() {
    std::vector<Error> found;
    std::vector<std::string> needed;
    for (const MissingCapability& missing : missing_capabilities()) {
        if (missing.essential) {
            needed.push_back(missing.name);
        }
    }
    if (!needed.empty()) {
        found.push_back({fmt::format("Live capture needs {}: run sslsniff as root, for instance with sudo.",
                                     fmt::join(needed, ", ")),
                         ErrorKind::permission});
    }
    if (!kernel_is_at_least(5, 8)) {
        found.push_back(
            {"Live capture needs Linux 5.8 or newer (BPF ring buffers).", ErrorKind::unsupported});
    }
    for (auto& obstacle : {user_namespace_obstacle(), proc_obstacle()}) {
        if (obstacle) {
            found.push_back({*obstacle, ErrorKind::unsupported});
        }
    }
    return found;
}

}  // namespace sslsniff
