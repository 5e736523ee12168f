#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/discovery/attach_plan.h"
#include "capture/event_source.h"
#include "capture/live/live_options.h"

namespace sslsniff {

/// What the running capture is made of, and what could not be done: for messages, doctor and stats.
struct LiveReport {
    AttachPlan plan;               ///< every library that was considered so far
    std::string probe_mechanism;   ///< "uprobe-multi" or "perf uprobe"
    std::string payload_strategy;  ///< "user dynptr", "dynptr slices" or "size classes"
    std::string socket_backend;    ///< "tracepoint", "fentry", "kprobe" or "none"
    std::size_t ring_bytes = 0;    ///< of the ring buffer, rounded up to a power of two
    std::size_t attached_libraries = 0;
    std::size_t attached_probes = 0;   ///< entry and return probes together
    std::vector<std::string> remarks;  ///< one sentence each: what does not work here, and why
};

/// Live capture. Needs CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE (or root). Everything attached is owned by
/// descriptors: when the process ends, however it ends, the kernel detaches it. Not thread-safe.
class LiveSource : public EventSource {
  public:
    /// Attaches; events flow from the moment this returns. Errors: what is missing on this host, a target
    /// that does not exist, or a kernel that refuses the programs (with the end of the verifier's log).
    static Result<std::unique_ptr<LiveSource>> open(const LiveOptions& options);
    ~LiveSource() override;

    /// Grows while the capture runs: libraries loaded later appear in it.
    const LiveReport& report() const;
    const AttachPlan& plan() const { return report().plan; }

    /// Detaches all probes. poll() then delivers what is left and returns `ended`.
    Result<void> stop();

    Result<PollStatus> poll(std::chrono::milliseconds timeout, EventConsumer& consumer) override;
    /// Becomes readable at least every 20 ms.
    int poll_fd() const override;

  private:
    class Impl;
    explicit LiveSource(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace sslsniff
