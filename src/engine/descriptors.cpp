#include "engine/descriptors.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/system_error.h"

namespace sslsniff {

Result<void> raise_descriptor_limit(std::uint64_t least) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return {};  // then the first failure tells
    }
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_max < least) {
        return fail(fmt::format("a capture needs {} open files, and the limit is {}: raise it with ulimit -n",
                                least, limit.rlim_max));
    }
    return {};
}

Result<UniqueFd> open_pidfd(pid_t pid) {
    // glibc has a wrapper from 2.36 on only; the call always sets close-on-exec.
    UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (fd) {
        return fd;
    }
    const int error = errno;
    if (error == ESRCH) {
        return fail(ErrorKind::not_found, fmt::format("there is no process {}", pid));
    }
    if (error == EINVAL) {
        return fail(ErrorKind::not_found, fmt::format("{} is a thread: name its process", pid));
    }
    return fail(error_kind(error), fmt::format("cannot watch process {}: {}", pid, error_text(error)));
}

}  // namespace sslsniff
