#include "engine/live_session.h"

#include <utility>

#ifdef SSLSNIFF_LIVE_CAPTURE
#include "capture/live/attacher.h"
#include "capture/live/backends.h"
#include "capture/live/live_source.h"
#include "engine/live_notes.h"
#include "engine/live_setup.h"
#endif

namespace sslsniff {

#ifdef SSLSNIFF_LIVE_CAPTURE
namespace {

class SessionHere final : public LiveSession {
  public:
    SessionHere(std::unique_ptr<LiveSource> source, const Attacher& attacher, LiveNotes notes)
        : source_(std::move(source)), attacher_(attacher), notes_(std::move(notes)) {}

    EventSource& source() override { return *source_; }
    std::vector<std::string> running() override { return names_of_running(attacher_.captured()); }
    Result<void> stop() override { return source_->stop(); }
    std::vector<CapturedLibrary> take_libraries() override { return notes_.take_libraries(); }
    std::vector<std::string> take_remarks() override { return notes_.take_remarks(); }

  private:
    std::unique_ptr<LiveSource> source_;
    const Attacher& attacher_;  ///< the source's
    LiveNotes notes_;
};

}  // namespace

Result<std::unique_ptr<LiveSession>> LiveSession::open(const CaptureOptions& options,
                                                       std::optional<pid_t> command) {
    auto live = prepare_live_options(options, command);
    if (!live) {
        return std::unexpected(live.error());
    }
    auto started = Attacher::start(*live);
    if (!started) {
        return std::unexpected(started.error());
    }
    const Attacher& attacher = **started;
    auto source = LiveSource::open(*std::move(started), attacher.records());
    if (!source) {
        return std::unexpected(source.error());
    }
    return std::make_unique<SessionHere>(*std::move(source), attacher,
                                         LiveNotes(attacher.report(), options, std::move(live->targets)));
}

bool has_live_capture() {
    return true;
}

KernelFeatures examine_host() {
    return examine_kernel();
}

#else

constexpr const char* kNotBuilt =
    "this sslsniff was built without live capture: it can only read recordings, with -r FILE";

Result<std::unique_ptr<LiveSession>> LiveSession::open(const CaptureOptions& /*options*/,
                                                       std::optional<pid_t> /*command*/) {
    return fail(ErrorKind::unsupported, kNotBuilt);
}

bool has_live_capture() {
    return false;
}

KernelFeatures examine_host() {
    KernelFeatures none;
    none.obstacles.push_back(kNotBuilt);
    return none;
}

#endif

}  // namespace sslsniff
