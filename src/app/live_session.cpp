#include "app/live_session.h"

#include <fmt/format.h>

#include <utility>

#include "app/targets.h"
#include "base/text.h"

#ifdef SSLSNIFF_LIVE_CAPTURE
#include "capture/live/live_source.h"
#endif

namespace sslsniff {

#ifdef SSLSNIFF_LIVE_CAPTURE
namespace {

std::string describe(const LibraryPlan& library) {
    return fmt::format("{}{}{} ({})", printable(library.name), library.version.empty() ? "" : " ",
                       printable(library.version), printable(library.display_path));
}

class BpfSession final : public LiveSession {
  public:
    explicit BpfSession(std::unique_ptr<LiveSource> source) : source_(std::move(source)) {}

    EventSource& source() override { return *source_; }
    Result<void> stop() override { return source_->stop(); }

    std::vector<std::string> libraries() const override {
        std::vector<std::string> names;
        for (const auto& library : source_->plan().libraries) {
            if (!library.sites.empty()) {
                names.push_back(describe(library));
            }
        }
        return names;
    }

    std::vector<std::string> take_remarks() override {
        std::vector<std::string> fresh;
        const auto& report = source_->report();
        for (; remarks_ < report.remarks.size(); ++remarks_) {
            fresh.push_back(printable(report.remarks[remarks_]));
        }
        for (; skipped_ < report.plan.skipped.size(); ++skipped_) {
            const auto& target = report.plan.skipped[skipped_];
            fresh.push_back(fmt::format(
                "not captured: {}{}{}", target.pid != 0 ? fmt::format("process {}: ", target.pid) : "",
                target.path.empty() ? "" : printable(target.path) + ": ", printable(target.reason)));
        }
        return fresh;
    }

  private:
    std::unique_ptr<LiveSource> source_;
    std::size_t remarks_ = 0;  ///< told so far
    std::size_t skipped_ = 0;
};

}  // namespace

Result<std::unique_ptr<LiveSession>> LiveSession::open(const Options& options, std::optional<pid_t> command) {
    auto targets = resolve_targets(options, command);
    if (!targets) {
        return std::unexpected(targets.error());
    }
    LiveOptions live;
    live.targets = *std::move(targets);
    live.ring_bytes = options.buffer_size;
    live.snaplen = options.snaplen;
    if (command) {
        live.expect_exec = true;
        live.command_path = options.command.front();
    }
    auto source = LiveSource::open(live);
    if (!source) {
        return std::unexpected(source.error());
    }
    return std::make_unique<BpfSession>(*std::move(source));
}

bool has_live_capture() {
    return true;
}

#else

Result<std::unique_ptr<LiveSession>> LiveSession::open(const Options& /*options*/,
                                                       std::optional<pid_t> /*command*/) {
    return fail("this sslsniff was built without live capture: it can only read recordings, by -r FILE");
}

bool has_live_capture() {
    return false;
}

#endif

}  // namespace sslsniff
