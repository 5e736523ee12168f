#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "base/result.h"
#include "capture/event_source.h"
#include "capture/kernel/event_decoder.h"
#include "capture/kernel/event_stages.h"
#include "capture/kernel/record_ring.h"
#include "capture/live/capture_programs.h"
#include "capture/live/ciphertext_maps.h"
#include "capture/live/left_connections.h"
#include "capture/live/library_tracker.h"
#include "capture/live/live_options.h"
#include "capture/live/live_report.h"
#include "capture/live/loss_reporter.h"
#include "capture/live/socket_probes.h"
#include "capture/live/wait_set.h"

namespace sslsniff {

/// The parts of a live capture and their order: load, attach, arm, read, detach.
class LiveCapture {
  public:
    static Result<std::unique_ptr<LiveCapture>> start(const LiveOptions& options);
    LiveCapture(const LiveCapture&) = delete;
    LiveCapture& operator=(const LiveCapture&) = delete;
    ~LiveCapture() = default;

    const LiveReport& report() const { return report_; }
    std::vector<pid_t> captured() const;
    Result<PollStatus> poll(EventConsumer& consumer);
    int poll_fd() const { return wait_set_.descriptor(); }
    Origin origin() const;
    Result<void> stop();

  private:
    LiveCapture(const LiveOptions& options, CapturePrograms programs);
    Result<void> set_up();
    Result<void> add_targets();
    Result<void> add_matches();
    Result<void> set_up_poll();
    EventDecoder::Hooks decoder_hooks();
    bool take_records(EventConsumer& consumer);
    void give_way();
    void reconcile(EventConsumer& consumer);
    std::optional<StreamEnds> take_ends(const ConnectionId& id, std::uint64_t generation);

    LiveOptions options_;
    CapturePrograms programs_;
    LiveReport report_;
    SiteTable sites_;
    LibraryTracker libraries_;
    CiphertextMaps ciphertext_;
    EventStages stages_;
    SocketProbes socket_probes_;
    LossReporter losses_;
    LeftConnections left_connections_;
    std::unique_ptr<RecordRing> ring_;
    Timestamp monotonic_zero_;
    EventDecoder decoder_;
    WaitSet wait_set_;
    bool stopped_ = false;
    bool ended_ = false;
};

}  // namespace sslsniff
