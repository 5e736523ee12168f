#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "capture/discovery/planner.h"
#include "capture/live/capture_programs.h"
#include "capture/live/live_options.h"
#include "capture/live/live_report.h"
#include "capture/live/mapping_watcher.h"
#include "capture/live/probe_attacher.h"

namespace sslsniff {

/// Finds the libraries that the targets use, now and later, and has them probed.
class LibraryTracker {
  public:
    /// Told of each library that was attached: the number in its probes' cookies, and its name.
    using OnAttached = std::function<void(std::uint32_t number, std::string name)>;

    LibraryTracker(const LiveOptions& options, const CapturePrograms& programs, LiveReport& report,
                   OnAttached on_attached);

    /// Attaches what is in use now, and what the targets are expected to use.
    void attach_first();
    /// Attaches what was mapped since the last call.
    void attach_new();
    void detach_all();

    /// The files with BIO_read and BIO_write that a process uses.
    std::vector<LibraryPlan> bio_libraries(std::uint32_t pid);

    /// Processes that appeared since the last call and are likely to keep TLS apart from their sockets
    /// (memory BIOs), by what they run: python, node.
    std::vector<std::uint32_t> take_likely_bio_processes();

    /// Readable when attach_new() has work.
    std::vector<int> descriptors() const;

  private:
    AttachPlan first_plan();
    void attach_plan(AttachPlan plan);
    void attach_library(const LibraryPlan& library);
    bool concerns_us(std::uint32_t pid) const;
    bool remember(const NewMapping& mapping);
    void note_likely_bio(std::uint32_t pid);

    const LiveOptions& options_;
    const CapturePrograms& programs_;
    LiveReport& report_;
    OnAttached on_attached_;
    Planner planner_;
    ProbeAttacher attacher_;
    std::optional<MappingWatcher> watcher_;
    std::vector<std::uint32_t> likely_bio_;
    std::set<std::pair<std::uint64_t, std::uint64_t>> known_files_;  // device and inode, as mapped
};

}  // namespace sslsniff
