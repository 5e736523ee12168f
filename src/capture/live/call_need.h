#pragma once

#include <chrono>

#include "capture/live/capture_programs.h"

namespace sslsniff {

/// Whether the probes on payload calls are needed, as the kernel side says (bpf/call_need.bpf.h).
class CallNeed {
  public:
    /// On CLOCK_MONOTONIC.
    using Clock = std::chrono::nanoseconds;

    explicit CallNeed(const CapturePrograms& programs) : programs_(programs) {}

    /// To be called when they are attached.
    void on_attached(Clock now);
    /// To be called before they are detached, so that a need that arises meanwhile is heard.
    void on_detach() const { tell_attached(false); }
    /// Nothing has needed them for a second. Cheap: looks four times in that.
    bool is_over(Clock now);

  private:
    void tell_attached(bool attached) const;

    const CapturePrograms& programs_;
    Clock next_look_{};
    Clock attached_at_{};
};

}  // namespace sslsniff
