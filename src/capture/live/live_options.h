#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "capture/discovery/library_choice.h"

namespace sslsniff {

/// Which processes are captured: those that any of the parts names.
struct TargetFilter {
    std::vector<pid_t> pids;              ///< with their threads
    bool children = true;                 ///< and all descendants of the pids, there already or forked later
    std::vector<std::string> comms;       ///< equal to the process's comm (at most 15 bytes)
    std::vector<uid_t> uids;              ///< equal to the real uid
    std::vector<std::string> containers;  ///< by name or the beginning of the id, see is_called()
    std::vector<std::string> pods;        ///< "NAMESPACE/POD" of Kubernetes
    bool everything = false;              ///< the whole host, without sslsniff itself
};

/// How payload is copied into the ring buffer. `automatic` takes the first that the kernel has.
enum class PayloadStrategy : std::uint8_t {
    automatic,
    user_dynptr,  ///< bpf_probe_read_user_dynptr (Linux 6.16)
    slices,       ///< dynptr written in constant slices (5.19)
    classes       ///< fragments of a few constant sizes (5.8)
};

/// How probes are attached.
enum class ProbeMechanism : std::uint8_t {
    automatic,
    multi,  ///< two uprobe-multi links for all probes of a file (6.6)
    perf    ///< one perf event for each probe
};

/// Which kernel functions tell the socket of a TLS call.
enum class SocketBackend : std::uint8_t {
    automatic,
    tracepoint,  ///< sock_send_length, sock_recv_length (6.3)
    fentry,      ///< fexit of tcp_sendmsg, tcp_recvmsg
    kprobe,      ///< kretprobe of the same
    none
};

/// Processes may be found that no pid names.
inline bool finds_processes(const TargetFilter& filter) {
    return filter.everything || !filter.comms.empty() || !filter.uids.empty() || !filter.containers.empty() ||
           !filter.pods.empty();
}

struct LiveOptions {
    TargetFilter targets;
    /// The process that reads the records, where it is another: as we ourselves, it is never captured. 0:
    /// none.
    pid_t reader = 0;
    bool tls = true;          ///< calls of TLS libraries
    LibraryChoice libraries;  ///< of which
    /// TCP and UDP sockets that carry no TLS; left out on kernels that lack what it needs. Without it such
    /// sockets are looked at all the same, for TLS that no call of `tls` moves.
    bool cleartext = true;
    std::size_t ring_bytes = 64U << 20U;  ///< rounded up to a power of two, at least 64 KiB
    int ring_fd = -1;  ///< of the ring of an earlier capture, which goes on in it; borrowed. -1: a new one
    std::uint64_t snaplen = 0;  ///< payload bytes kept of each call; 0: all
    /// A pid in targets is held and will exec `command_path`: also probe every TLS library in the standard
    /// folders and the command's own.
    bool expect_exec = false;
    std::string command_path;
    /// For tests: what would otherwise be chosen by what the kernel has.
    PayloadStrategy payload = PayloadStrategy::automatic;
    ProbeMechanism probes = ProbeMechanism::automatic;
    SocketBackend sockets = SocketBackend::automatic;
};

}  // namespace sslsniff
