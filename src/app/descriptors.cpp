#include "app/descriptors.h"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace sslsniff {

Result<UniqueFd> open_pidfd(pid_t pid) {
    // glibc has a wrapper from 2.36 on only; the call always sets close-on-exec.
    UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (fd) {
        return fd;
    }
    const int error = errno;
    if (error == ESRCH) {
        return fail(fmt::format("there is no process {}", pid));
    }
    if (error == EINVAL) {
        return fail(fmt::format("{} is a thread: name its process", pid));
    }
    return fail(fmt::format("cannot watch process {}: {}", pid, std::generic_category().message(error)));
}

}  // namespace sslsniff
