#include "separation/system_call_filter.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <memory>

#include "base/system_error.h"

namespace sslsniff {
namespace {

/// Whatever their arguments. By name, for kernels, headers and processors differ in which there are.
constexpr const char* kAllowed[] = {
    // Descriptors that are open.
    "read",
    "readv",
    "pread64",
    "preadv",
    "preadv2",
    "write",
    "writev",
    "pwrite64",
    "pwritev",
    "pwritev2",
    "lseek",
    "close",
    "close_range",
    "fstat",
    "ftruncate",
    "fallocate",
    "fadvise64",
    "fsync",
    "fdatasync",
    "sync_file_range",
    "flock",
    "dup",
    "dup2",
    "dup3",
    "fcntl",
    "getdents64",
    "sendfile",
    "splice",
    "pipe",
    "pipe2",
    "eventfd2",
    "signalfd4",
    "timerfd_create",
    "timerfd_settime",
    "timerfd_gettime",
    "fchown",
    "fchmod",
    "fstatfs",
    // Files that can be read.
    "stat",
    "lstat",
    "newfstatat",
    "statx",
    "statfs",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
    "readlinkat",
    "getcwd",
    // Waiting.
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "nanosleep",
    "clock_nanosleep",
    "restart_syscall",
    "wait4",
    "waitid",
    "pause",
    // Memory, threads, time.
    "brk",
    "mmap",
    "munmap",
    "mremap",
    "mprotect",
    "madvise",
    "msync",
    "mincore",
    "membarrier",
    "futex",
    "set_robust_list",
    "get_robust_list",
    "rseq",
    "set_tid_address",
    "sched_yield",
    "sched_getaffinity",
    "sched_setaffinity",
    "sched_getparam",
    "sched_getscheduler",
    "getcpu",
    "exit",
    "exit_group",
    "clock_gettime",
    "clock_getres",
    "gettimeofday",
    "time",
    "times",
    "getrandom",
    "getrusage",
    "sysinfo",
    "uname",
    "getpriority",
    "arch_prctl",
    // Who we are.
    "getpid",
    "getppid",
    "gettid",
    "getpgrp",
    "getpgid",
    "getsid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getgroups",
    "getresuid",
    "getresgid",
    "capget",
    "getrlimit",
    // Signals to ourselves.
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "rt_sigpending",
    "rt_sigsuspend",
    "rt_sigtimedwait",
    "sigaltstack",
    "setitimer",
    "alarm",
    // The network: collectors, brokers, who asks for metrics, the service manager.
    "socket",
    "socketpair",
    "connect",
    "bind",
    "listen",
    "accept",
    "accept4",
    "shutdown",
    "sendto",
    "recvfrom",
    "sendmsg",
    "recvmsg",
    "sendmmsg",
    "recvmmsg",
    "getsockname",
    "getpeername",
    "getsockopt",
    "setsockopt",
};

/// An argument that is a number, or whose bits of a mask are.
scmp_arg_cmp equal(unsigned argument, scmp_datum_t value) {
    return {argument, SCMP_CMP_EQ, value, 0};
}
scmp_arg_cmp equal_in(unsigned argument, scmp_datum_t mask, scmp_datum_t value) {
    return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

class Filter {
  public:
    Filter() : context_(seccomp_init(SCMP_ACT_ERRNO(EPERM)), seccomp_release) {}
    bool is_made() const { return context_ != nullptr; }

    /// Of system calls that this processor does not have there is nothing to allow.
    template <class... Arguments>
    void allow(const char* name, Arguments... arguments) {
        const int number = seccomp_syscall_resolve_name(name);
        if (number != __NR_SCMP_ERROR && number >= 0) {
            note(
                seccomp_rule_add(context_.get(), SCMP_ACT_ALLOW, number, sizeof...(arguments), arguments...));
        }
    }
    void fail_with(int error, const char* name) {
        const int number = seccomp_syscall_resolve_name(name);
        if (number != __NR_SCMP_ERROR && number >= 0) {
            note(seccomp_rule_add(context_.get(), SCMP_ACT_ERRNO(static_cast<std::uint32_t>(error)), number,
                                  0));
        }
    }
    int load() {
        // We were told that nothing gains privileges already.
        note(seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_NNP, 0));
        note(seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_TSYNC, 1));
        return error_ != 0 ? error_ : seccomp_load(context_.get());
    }

  private:
    void add(std::uint32_t action, const char* name, const scmp_arg_cmp* argument, unsigned count) {
        const int number = seccomp_syscall_resolve_name(name);
        if (number >= 0) {
            note(seccomp_rule_add_array(context_.get(), action, number, count, argument));
        }
    }
    void note(int status) {
        if (status < 0 && error_ == 0) {
            error_ = status;
        }
    }

    std::unique_ptr<void, decltype(&seccomp_release)> context_;
    int error_ = 0;
};

/// Neither to write to nor to create.
void allow_reading_files(Filter& filter) {
    constexpr auto kChanges =
        static_cast<scmp_datum_t>(O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY));
    filter.allow("open", equal_in(1, kChanges, 0));
    filter.allow("openat", equal_in(2, kChanges, 0));
    filter.fail_with(ENOSYS, "openat2");  // its flags are in memory
}

/// Threads, no processes. The flags of clone3 are in memory; libraries then use clone.
void allow_threads(Filter& filter) {
    constexpr auto kThread = static_cast<scmp_datum_t>(CLONE_THREAD | CLONE_VM);
    filter.allow("clone", equal_in(0, kThread, kThread));
    filter.fail_with(ENOSYS, "clone3");
}

/// Limits can be read, and names given to threads.
void allow_own_settings(Filter& filter) {
    filter.allow("prlimit64", equal(2, 0));
    for (const int option : {PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE}) {
        filter.allow("prctl", equal(0, static_cast<scmp_datum_t>(option)));
    }
}

/// Of terminals, what asks and sets modes: not TIOCSTI, which types for the user.
void allow_terminals(Filter& filter) {
    for (const int request : {TCGETS, TCSETS, TCSETSW, TCSETSF, TIOCGWINSZ, TIOCGPGRP, TIOCSPGRP, TCFLSH,
                              TCSBRK, TCXONC, TIOCOUTQ, FIONREAD, FIONBIO, FIOCLEX}) {
        filter.allow("ioctl", equal_in(1, UINT32_MAX,
                                       static_cast<scmp_datum_t>(request)));  // the kernel looks at no more
    }
}

void allow_signals_to_self(Filter& filter) {
    const auto self = static_cast<scmp_datum_t>(::getpid());
    filter.allow("kill", equal(0, self));
    filter.allow("tgkill", equal(0, self));
}

}  // namespace

Result<void> filter_system_calls() {
    Filter filter;
    if (!filter.is_made()) {
        return fail("cannot filter system calls: out of memory");
    }
    for (const char* name : kAllowed) {
        filter.allow(name);
    }
    allow_reading_files(filter);
    allow_threads(filter);
    allow_own_settings(filter);
    allow_terminals(filter);
    allow_signals_to_self(filter);
    const int status = filter.load();
    if (status < 0 && status != -EINVAL && status != -ENOSYS && status != -EOPNOTSUPP) {
        return fail(fmt::format("cannot filter system calls: {}", error_text(-status)));
    }
    return {};
}

}  // namespace sslsniff
