#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/discovery/planner.h"
#include "capture/kernel/process_libraries.h"
#include "capture/live/capture_programs.h"
#include "capture/live/live_options.h"
#include "capture/live/live_report.h"
#include "capture/live/mapping_watcher.h"
#include "capture/live/probed_processes.h"

namespace sslsniff {

/// Finds the libraries that the targets use, now and later, and has them probed.
class LibraryTracker {
  public:
    /// Told of each library that was attached: the number in its probes' cookies, and its name.
    using OnAttached = std::function<void(std::uint32_t number, std::string name)>;

    /// On CLOCK_MONOTONIC.
    using Clock = ProbedProcesses::Clock;

    LibraryTracker(const LiveOptions& options, CapturePrograms& programs, SiteTable& sites,
                   LiveReport& report, OnAttached on_attached);

    /// Attaches what is in use now, and what the targets are expected to use.
    void attach_first(Clock now);
    /// Sees to processes that came since the last call, and attaches what was mapped: as much of it as takes
    /// little time, as whoever asks for probes waits meanwhile.
    void attach_new(Clock now);
    /// Processes that are captured from now on, as newcomers are.
    void add_processes(const std::vector<pid_t>& processes, Clock now);
    void detach_all();

    /// The probes on payload calls that are needed to learn sockets alone (ProbeAttacher::attach_calls()).
    void attach_calls();
    void detach_calls() { probed_.detach_calls(); }
    bool has_calls() const { return probed_.attacher().has_calls(); }
    /// Whether everybody passes the probes, not the captured processes alone.
    bool are_for_everybody() const { return probed_.are_for_everybody(); }

    /// The targets are a command that is about to be started, and what it starts.
    bool expects_command() const { return options_.expect_exec; }

    /// The files with functions by which TLS libraries read and write memory that a process uses.
    std::vector<LibraryPlan> transport_libraries(std::uint32_t pid);

    /// Processes that appeared since the last call and are likely to keep TLS apart from their sockets
    /// (memory BIOs), by what they run.
    std::vector<std::uint32_t> take_likely_detached();

    bool shows_sockets_by_payload(std::uint32_t pid) const { return in_use_.shows_sockets_by_payload(pid); }
    /// What is known of TLS of a process that no probe sees.
    UncoveredTls describe_uncovered(std::uint32_t pid);

    /// Readable when attach_new() has work.
    std::vector<int> descriptors() const;

  private:
    enum class Use : std::uint8_t { found, expected };
    AttachPlan first_plan();
    bool add_library(const LibraryPlan& library, Use use);
    void note(const LibraryPlan& library, bool is_new);
    void note(std::span<const SkippedTarget> skipped);
    void take_mappings();
    void add_plan(AttachPlan plan, Use use);
    void attach_plan(AttachPlan plan, Clock now);
    void take_newcomers(Clock now);
    void look_at_processes(const std::vector<pid_t>& processes, Clock now);
    void attach_mapping(const NewMapping& mapping, Clock now);
    void look_at(const NewMapping& mapping, Clock now);
    bool concerns_us(std::uint32_t pid) const;
    void note_likely_detached(std::uint32_t pid);
    void add_likely_detached(std::uint32_t pid);

    const LiveOptions& options_;
    CapturePrograms& programs_;
    LiveReport& report_;
    OnAttached on_attached_;
    Planner planner_;
    ProbedProcesses probed_;
    std::optional<MappingWatcher> watcher_;
    std::deque<NewMapping> mappings_;  // not looked at yet
    // The last ones of processes that are not captured, or were not yet: a program is mapped before it has
    // its name.
    std::deque<NewMapping> passed_over_;
    std::vector<std::uint32_t> likely_detached_;
    struct MappedFile {
        std::uint64_t device = 0;  // as mapped
        std::uint64_t inode = 0;
        auto operator<=>(const MappedFile&) const = default;
    };
    struct KnownFile {
        bool is_probed = false;          // there is a library that can be, in it or among what it needs
        std::optional<FileStamp> stamp;  // inodes are reused
        std::vector<SkippedTarget> foreign;
    };
    std::map<MappedFile, KnownFile> known_files_;
    ProcessLibraries in_use_;
    bool begun_ = false;  // what was in use when the capture began is attached
};

}  // namespace sslsniff
