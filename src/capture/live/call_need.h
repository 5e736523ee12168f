#pragma once

#include <chrono>

#include "capture/kernel/call_rate.h"
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
    /// True when they are to be detached, of which the kernel side knows from now on, so that a need that
    /// arises meanwhile is heard: nothing has needed them for a second, and they cost something: calls
    /// execute them. Where there are few calls they stay, since attaching them again takes longer than many
    /// handshakes. Cheap: looks four times a second.
    bool is_over(Clock now);

  private:
    void tell_attached(bool attached) const;
    bool are_needed(Clock now) const;

    const CapturePrograms& programs_;
    Clock next_look_{};
    Clock attached_at_{};
    CallRate rate_;
};

}  // namespace sslsniff
