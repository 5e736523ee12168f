#pragma once

#include <memory>
#include <optional>
#include <span>

#include "base/result.h"
#include "capture/event_source.h"
#include "capture/kernel/event_decoder.h"
#include "capture/kernel/event_stages.h"
#include "capture/kernel/kernel_side.h"
#include "capture/kernel/record_ring.h"
#include "capture/live/loss_reporter.h"
#include "capture/live/record_source.h"
#include "capture/live/wait_set.h"

namespace sslsniff {

/// Reads the kernel's records from the ring buffer and makes events of them. Attaches nothing: whatever it
/// needs of the kernel's side goes through `KernelSide`.
class RingReader {
  public:
    /// `kernel` must outlive it.
    static Result<std::unique_ptr<RingReader>> open(const RecordSource& records, KernelSide& kernel);

    /// EventSource::poll(). With `stopped`, nothing new will come: `ended` once everything is delivered.
    PollStatus poll(EventConsumer& consumer, bool stopped);
    /// Readable when poll() has work, or one of the descriptors that were added is, and every 20 ms.
    int poll_fd() const { return wait_set_.descriptor(); }
    void wait_for(std::span<const int> descriptors);
    /// poll_fd() becomes readable once more at its time, without a poll().
    void await() { wait_set_.clear(); }

    // Of a capture that stops and goes on. Behind the last poll().

    /// Ends what is open.
    void end_connections(EventConsumer& consumer);
    /// Other records come in the same ring.
    void begin_again(const RecordSource& records);
    Origin origin() const;
    BufferUse buffer_use() const { return {.waiting = ring_->waiting(), .size = ring_->size()}; }

  private:
    RingReader(const RecordSource& records, KernelSide& kernel, std::unique_ptr<RecordRing> ring,
               WaitSet wait_set);
    void set_stages(const RecordSource& records);
    bool take_records(EventConsumer& consumer);
    void take_record(ByteView record, EventConsumer& first);
    void take_news();
    void reconcile(EventConsumer& consumer);
    void give_way();

    KernelSide& kernel_;
    std::unique_ptr<RecordRing> ring_;
    WaitSet wait_set_;
    std::optional<EventStages> stages_;  ///< never empty
    LossReporter losses_;
    Timestamp monotonic_zero_;
    EventDecoder decoder_;
    std::uint32_t asked_library_ = 0;  ///< the greatest number that a name was asked for
    bool ended_ = false;
};

}  // namespace sslsniff
