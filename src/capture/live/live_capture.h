#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "capture/binding_delay.h"
#include "capture/event_decoder.h"
#include "capture/event_source.h"
#include "capture/live/bio_probes.h"
#include "capture/live/capture_programs.h"
#include "capture/live/ciphertext_maps.h"
#include "capture/live/library_tracker.h"
#include "capture/live/live_options.h"
#include "capture/live/live_report.h"
#include "capture/live/record_ring.h"
#include "capture/midstream_doubt.h"

namespace sslsniff {

/// The parts of a live capture and their order: load, attach, arm, read, detach.
class LiveCapture {
  public:
    static Result<std::unique_ptr<LiveCapture>> start(const LiveOptions& options);
    LiveCapture(const LiveCapture&) = delete;
    LiveCapture& operator=(const LiveCapture&) = delete;
    ~LiveCapture() = default;

    const LiveReport& report() const { return report_; }
    Result<PollStatus> poll(std::chrono::milliseconds timeout, EventConsumer& consumer);
    int poll_fd() const { return epoll_.get(); }
    Origin origin() const;
    Result<void> stop();

  private:
    LiveCapture(const LiveOptions& options, CapturePrograms programs);
    Result<void> set_up();
    Result<void> add_targets();
    Result<void> set_up_poll();
    void watch(int descriptor);
    EventDecoder::Hooks decoder_hooks();
    bool take_records(EventConsumer& consumer);
    void on_bio_wanted(ByteView record);
    void attach_likely_bios();
    void give_way();
    void look_after_bios();
    void report_losses(EventConsumer& consumer, bool at_once);
    void reconcile(EventConsumer& consumer);
    std::optional<StreamEnds> take_ends(const ConnectionId& id, std::uint64_t generation);

    LiveOptions options_;
    CapturePrograms programs_;
    LiveReport report_;
    LibraryTracker libraries_;
    CiphertextMaps ciphertext_;
    BioProbes bio_probes_;
    MidstreamDoubt doubt_;
    BindingDelay delay_;
    std::unique_ptr<RecordRing> ring_;
    Timestamp monotonic_zero_;
    EventDecoder decoder_;
    UniqueFd epoll_;
    UniqueFd timer_;
    std::vector<loss_count> reported_losses_;
    unsigned reconciliations_ = 0;  // still to come, because records were lost
    std::chrono::steady_clock::time_point next_reconciliation_;
    std::chrono::steady_clock::time_point next_loss_report_;
    unsigned polls_behind_ = 0;
    bool stopped_ = false;
    bool ended_ = false;
};

}  // namespace sslsniff
