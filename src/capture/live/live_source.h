#pragma once

#include <sys/types.h>

#include <memory>
#include <vector>

#include "base/result.h"
#include "capture/event_source.h"
#include "capture/live/live_options.h"
#include "capture/live/live_report.h"

namespace sslsniff {

class Attacher;
class RingReader;

/// Live capture: an Attacher, which holds the probes, and a RingReader, which makes events of what they tell.
/// Needs CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE (or root). Everything attached is owned by
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

    /// The processes that are captured by now, ascending, also some that have ended.
    std::vector<pid_t> captured() const;

    /// Detaches all probes. poll() then delivers what is left and returns `ended`.
    Result<void> stop();

    Result<PollStatus> poll(EventConsumer& consumer) override;
    /// Becomes readable at least every 20 ms.
    int poll_fd() const override;
    Origin origin() const override;
    std::optional<BufferUse> buffer_use() const override;

  private:
    LiveSource(std::unique_ptr<Attacher> attacher, std::unique_ptr<RingReader> reader);
    std::unique_ptr<Attacher> attacher_;
    std::unique_ptr<RingReader> reader_;
};

}  // namespace sslsniff
