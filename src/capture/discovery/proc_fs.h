#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "capture/discovery/proc_maps.h"
#include "model/process.h"

namespace sslsniff {

/// Why a process could not be read.
struct ProcFailure {
    bool gone = false;    ///< it ended meanwhile: no error for whoever scans
    std::string message;  ///< one sentence for the user
    std::string cause;    ///< the same without the process; empty when it tells nothing then
};
template <class T>
using ProcResult = std::expected<T, ProcFailure>;

/// A process and its place among the others.
struct ProcessStatus {
    /// start_time has the resolution of /proc/PID/stat (10 ms), rounded down.
    ProcessInfo info;
    pid_t parent = 0;
    pid_t pid_in_namespace = 0;  ///< in the process's own (innermost) pid namespace
    bool exe_deleted = false;
    bool is_zombie = false;     ///< its first thread has ended; others may go on
    bool had_children = false;  ///< that it has waited for
};

/// Whose files paths name: ours, or those of a process with another root or mount namespace.
struct FileRoot {
    std::string prefix{};  ///< before each path, to open it from here: "/proc/PID/root"; empty: our own
    std::string mountinfo = "/proc/self/mountinfo";
};

/// Processes as a proc file system shows them. Holds no state but the root; everything may vanish or change
/// between two calls.
class ProcFs {
  public:
    /// `root` is another folder of the same layout in tests.
    explicit ProcFs(std::string root = "/proc") : root_(std::move(root)) {}

    /// Thread group leaders, ascending. Fails when the root cannot be listed.
    ProcResult<std::vector<pid_t>> processes() const;

    /// comm, uid, start time and container always; exe is empty where ptrace permission is missing.
    ProcResult<ProcessStatus> status(pid_t pid) const;

    /// As status() gives it. Empty where ptrace permission is missing.
    std::string executable(pid_t pid, bool* deleted = nullptr) const;
    /// As status() gives it. Empty also where the cgroup lies outside of what our cgroup namespace shows.
    std::string container_id(pid_t pid) const;

    /// Fails with the missing capability when the process belongs to someone else. Empty for kernel
    /// threads.
    ProcResult<std::vector<Mapping>> executable_mappings(pid_t pid) const;

    /// `parents` and all their descendants as of now, ascending. Those that do not exist are left out.
    std::vector<pid_t> with_descendants(const std::vector<pid_t>& parents) const;

    /// The link to the file of a mapping: works for deleted files and in any mount namespace, needs
    /// CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN.
    std::string mapping_path(pid_t pid, const Mapping& mapping) const;

    /// Sockets whose records the kernel seals or opens (kTLS) in the process's network namespace, each
    /// direction counted (/proc/PID/net/tls_stat, Documentation/networking/tls.rst); 0 when the kernel has no
    /// kTLS.
    std::uint64_t kernel_tls_sessions(pid_t pid) const;

    /// Whether the process has an io_uring open; false when its descriptors cannot be read.
    bool uses_io_uring(pid_t pid) const;

    /// `path` as the process sees it, from here: /proc/PID/root/PATH.
    std::string path_of_process(pid_t pid, const std::string& path) const;
    std::string mountinfo_path(pid_t pid) const { return entry(pid, "mountinfo"); }

    /// Where the process finds its files. Ours when it sees the same, or has ended.
    FileRoot file_root(pid_t pid) const;
    /// A variable of the environment that the process began with; empty when there is none or it cannot be
    /// read. Waits for a millisecond at most where there is no environment at all, as in a process that is
    /// about to get one.
    std::string environment(pid_t pid, std::string_view name) const;

  private:
    std::string entry(pid_t pid, std::string_view name) const;
    ProcFailure failure(pid_t pid, std::string_view what, int error) const;

    std::string root_;
};

}  // namespace sslsniff
