#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sslsniff {

/// One thing the kernel may offer: a helper, kfunc, tracepoint, map or program type.
struct KernelFeature {
    std::string name;  ///< "kfunc bpf_probe_read_user_dynptr"
    bool present = false;
    std::string detail;  ///< why it is absent, or what it is used for; may be empty
};

/// A choice made from the features.
struct BackendChoice {
    std::string purpose;  ///< "payload", "socket events", "uprobes"
    std::string backend;  ///< "user dynptr"
    std::string reason;   ///< "kernel has bpf_probe_read_user_dynptr"
};

/// What the running kernel and our privileges allow, as found by trying. Plain data: capture/live fills it,
/// doctor prints it.
struct KernelFeatures {
    std::string release;       ///< uname -r
    std::string architecture;  ///< uname -m
    bool btf = false;          ///< /sys/kernel/btf/vmlinux can be read
    std::vector<KernelFeature> features;
    /// Names of all that a capture could use here and we do not have: "CAP_BPF". `notes` says what each
    /// costs.
    std::vector<std::string> missing_capabilities;
    std::vector<BackendChoice> backends;
    bool captures_io_uring = false;  ///< the bytes that io_uring moves without TLS, not only their number
    std::vector<std::string> notes;  ///< what else limits a capture here, one sentence each
    /// Each reason why capture cannot work at all, one sentence with what to do. Empty: it can.
    std::vector<std::string> obstacles;
};

}  // namespace sslsniff
