#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "capture/kernel/kernel_features.h"
#include "capture/live/kernel_btf.h"
#include "capture/live/live_options.h"
#include "capture/live/socket_programs.h"

namespace sslsniff {

/// What the programs are made of on this kernel.
struct Backends {
    PayloadStrategy payload = PayloadStrategy::classes;  ///< never automatic, as the others
    ProbeMechanism probes = ProbeMechanism::perf;
    SocketBackend sockets = SocketBackend::none;
    bool attach_cookies = false;     ///< bpf_get_attach_cookie for uprobes (5.15)
    bool preempt_kfuncs = false;     ///< bpf_preempt_disable around calls (6.15)
    bool task_pt_regs = false;       ///< bpf_task_pt_regs (5.15)
    bool cleartext = false;          ///< data of sockets is captured
    bool socket_cookies = false;     ///< bpf_get_socket_cookie in the programs of `sockets` (5.12)
    bool ciphertext = false;         ///< sockets behind memory BIOs can be found
    unsigned recvmsg_arguments = 0;  ///< how many tcp_recvmsg has
    bool entries = false;  ///< with tracepoints: fentry programs see the buffers of io_uring and sendfile
    std::vector<SocketProgram> socket_programs;
};

/// The best of what the kernel has, or what `options` asks for; fails when that is not there.
Result<Backends> choose_backends(const KernelBtf& kernel, const LiveOptions& options);

std::string_view to_string(PayloadStrategy strategy);
std::string_view to_string(ProbeMechanism mechanism);
std::string_view to_string(SocketBackend backend);

/// Everything doctor shows of the kernel. Opens nothing but /sys/kernel/btf/vmlinux and /proc/self.
KernelFeatures examine_kernel();

}  // namespace sslsniff
