#include "separation/held_probes.h"

#include <utility>

#ifdef SSLSNIFF_LIVE_CAPTURE
#include "capture/live/attacher.h"
#include "capture/live/capabilities.h"
#include "engine/live_notes.h"
#include "engine/live_setup.h"
#endif

namespace sslsniff {

#ifdef SSLSNIFF_LIVE_CAPTURE

namespace {

class AttachedProbes final : public HeldProbes {
  public:
    AttachedProbes(std::unique_ptr<Attacher> attacher, LiveNotes notes)
        : attacher_(std::move(attacher)), notes_(std::move(notes)) {}

    Probes& probes() override { return *attacher_; }
    RecordSource records() const override { return attacher_->records(); }
    std::vector<pid_t> captured() const override { return attacher_->captured(); }
    std::vector<std::string> running() override { return names_of_running(attacher_->captured()); }
    std::vector<CapturedLibrary> take_libraries() override { return notes_.take_libraries(); }
    std::vector<std::string> take_remarks() override { return notes_.take_remarks(); }

  private:
    std::unique_ptr<Attacher> attacher_;
    LiveNotes notes_;
};

}  // namespace

bool HeldProbes::need_sys_admin(const CaptureOptions& options) {
    return options.probes == ProbeMechanism::perf || probes_are_perf_events() || perf_events_are_restricted();
}

Result<std::unique_ptr<HeldProbes>> HeldProbes::start(const CaptureOptions& options,
                                                      const Circumstances& circumstances) {
    auto live = prepare_live_options(options, circumstances.command);
    if (!live) {
        return std::unexpected(live.error());
    }
    live->reader = circumstances.reader;
    live->ring_fd = circumstances.ring_fd;
    auto attacher = Attacher::start(*live);
    if (!attacher) {
        return std::unexpected(attacher.error());
    }
    LiveNotes notes((*attacher)->report(), options, std::move(live->targets));
    return std::make_unique<AttachedProbes>(*std::move(attacher), std::move(notes));
}

#else

bool HeldProbes::need_sys_admin(const CaptureOptions& /*options*/) {
    return false;
}

Result<std::unique_ptr<HeldProbes>> HeldProbes::start(const CaptureOptions& options,
                                                      const Circumstances& circumstances) {
    return std::unexpected(LiveSession::open(options, circumstances.command).error());
}

#endif

}  // namespace sslsniff
