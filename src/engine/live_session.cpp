#include "engine/live_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "base/text.h"
#include "capture/discovery/library_place.h"
#include "engine/descriptors.h"
#include "engine/remarks.h"
#include "engine/targets.h"

#ifdef SSLSNIFF_LIVE_CAPTURE
#include "capture/discovery/proc_fs.h"
#include "capture/live/backends.h"
#include "capture/live/live_source.h"
#endif

namespace sslsniff {

#ifdef SSLSNIFF_LIVE_CAPTURE
namespace {

/// What programs, maps and the probes of one library take, with room for outputs.
constexpr std::uint64_t kLeastDescriptors = 256;

CapturedLibrary describe(const LibraryPlan& library) {
    return {fmt::format("{}{}{}", printable(library.name), library.version.empty() ? "" : " ",
                        printable(library.version)),
            library_place(library, ProcFs())};
}

class BpfSession final : public LiveSession {
  public:
    BpfSession(std::unique_ptr<LiveSource> source, RemarkPolicy policy)
        : source_(std::move(source)), policy_(std::move(policy)) {}

    EventSource& source() override { return *source_; }
    Result<void> stop() override { return source_->stop(); }

    std::vector<std::string> running() const override {
        std::vector<std::string> names;
        for (const pid_t pid : source_->captured()) {
            if (const auto status = ProcFs().status(pid); status && !status->is_zombie) {
                names.push_back(fmt::format("{}[{}]", printable(status->info.comm), pid));
            }
        }
        return names;
    }

    std::vector<CapturedLibrary> take_libraries() override {
        std::vector<CapturedLibrary> fresh;
        const auto& libraries = source_->plan().libraries;
        for (; libraries_ < libraries.size(); ++libraries_) {
            // Of two layers, the copy stands for both.
            if (!libraries[libraries_].functions.empty() && !libraries[libraries_].shadowed) {
                fresh.push_back(describe(libraries[libraries_]));
            }
        }
        return fresh;
    }

    std::vector<std::string> take_remarks() override {
        std::vector<std::string> fresh;
        const auto& report = source_->report();
        for (; remarks_ < report.remarks.size(); ++remarks_) {
            fresh.push_back(printable(report.remarks[remarks_]));
        }
        if (skipped_ < report.plan.skipped.size()) {
            const auto skipped = std::span(report.plan.skipped).subspan(skipped_);
            skipped_ = report.plan.skipped.size();
            std::ranges::move(remarks_about(skipped, policy_), std::back_inserter(fresh));
        }
        return fresh;
    }

  private:
    std::unique_ptr<LiveSource> source_;
    RemarkPolicy policy_;
    // Told so far:
    std::size_t libraries_ = 0;
    std::size_t remarks_ = 0;
    std::size_t skipped_ = 0;
};

}  // namespace

Result<std::unique_ptr<LiveSession>> LiveSession::open(const CaptureOptions& options,
                                                       std::optional<pid_t> command) {
    if (auto raised = raise_descriptor_limit(kLeastDescriptors); !raised) {
        return std::unexpected(raised.error());
    }
    auto targets = resolve_targets(options, command);
    if (!targets) {
        return std::unexpected(targets.error());
    }
    LiveOptions live;
    live.targets = *std::move(targets);
    live.ring_bytes = options.buffer_size;
    live.snaplen = options.snaplen;
    live.payload = options.payload;
    live.probes = options.probes;
    live.sockets = options.sockets;
    live.tls = options.tls;
    live.libraries = options.libraries;
    live.cleartext = options.cleartext;
    if (command) {
        live.expect_exec = true;
        live.command_path = options.command.front();
    }
    auto source = LiveSource::open(live);
    if (!source) {
        return std::unexpected(source.error());
    }
    return std::make_unique<BpfSession>(
        *std::move(source),
        RemarkPolicy{options.whole_host, options.all_remarks,
                     [filter = live.targets](pid_t pid) { return is_named_target(filter, pid); }});
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
