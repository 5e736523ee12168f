#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "capture/live/kernel_btf.h"
#include "capture/live/live_options.h"

struct bpf_link;
struct bpf_program;

namespace sslsniff {

/// How a program is attached. `section`: as its SEC() says.
enum class AttachAs : std::uint8_t { section, kprobe, kretprobe, root_cgroup };

/// A program of a socket backend (bpf/backend_*.bpf.h).
struct SocketProgram {
    std::string name;
    AttachAs attach = AttachAs::section;
    std::string function;    ///< of the kernel: for kprobe and kretprobe
    bool essential = false;  ///< no capture of sockets without it; else `loss` says what is missing
    std::string loss;
    std::string obstacle = {};  ///< why it cannot be loaded, as "CAP_NET_ADMIN is missing"; empty: it can
};

/// What to load and attach for a backend, in this order: returns before entries, what finds the sockets of
/// TLS before cleartext. Leaves out what the kernel does not have.
/// `entries`: with tracepoints, also see the buffers that no system call names.
std::vector<SocketProgram> socket_programs(SocketBackend backend, bool cleartext, bool entries,
                                           const KernelBtf& kernel);

/// Null when the kernel refuses; errno says why. The caller owns the link.
bpf_link* attach_socket_program(bpf_program* program, const SocketProgram& how);

/// Whether the kernel lets BPF programs be attached to the entry of its functions, found by trying.
bool fentry_works(const KernelBtf& kernel);
/// Whether it has kprobes.
bool kprobes_work();

}  // namespace sslsniff
