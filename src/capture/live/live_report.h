#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "capture/discovery/attach_plan.h"

namespace sslsniff {

/// What the running capture is made of, and what could not be done: for messages, doctor and stats.
struct LiveReport {
    AttachPlan plan;               ///< every library that was considered so far
    std::string probe_mechanism;   ///< "uprobe-multi" or "perf uprobe"
    std::string payload_strategy;  ///< "user dynptr", "dynptr slices" or "size classes"
    std::string socket_backend;    ///< "tracepoint", "fentry", "kprobe" or "none"
    bool ciphertext = false;       ///< sockets behind memory BIOs can be found (Linux 6.3)
    bool cleartext = false;        ///< sockets without TLS are captured
    std::size_t ring_bytes = 0;    ///< of the ring buffer, rounded up to a power of two
    std::size_t attached_libraries = 0;
    std::size_t attached_probes = 0;     ///< entry and return probes together
    std::size_t detached_processes = 0;  ///< whose transports (BIO_read and BIO_write) are probed now
    std::vector<std::string> remarks;    ///< one sentence each: what does not work here, and why
};

}  // namespace sslsniff
