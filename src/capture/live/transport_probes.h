#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "capture/discovery/attach_plan.h"
#include "capture/kernel/call_rate.h"
#include "capture/live/background_detacher.h"
#include "capture/live/capture_programs.h"
#include "capture/live/ciphertext_maps.h"
#include "capture/live/probe_links.h"

namespace sslsniff {

/// The probes on the functions by which TLS libraries read and write memory (BIO_read and BIO_write): of
/// those processes only whose TLS library does not touch the socket itself, and only as long as there are
/// connections without a known socket. For a command that sslsniff starts they are there for everybody,
/// before its first instruction, and stay while such processes come. Where they are hardly executed, they
/// stay in any case.
class TransportProbes {
  public:
    /// On CLOCK_MONOTONIC.
    using Clock = std::chrono::nanoseconds;

    TransportProbes(const CapturePrograms& programs, SiteTable& sites, const CiphertextMaps& maps)
        : programs_(programs), sites_(sites), maps_(maps) {}

    bool has(std::uint32_t pid) const { return processes_.contains(pid); }

    /// Attaches the probes of `libraries` (AttachPlan::transport_libraries) for one process.
    void attach(std::uint32_t pid, const std::vector<LibraryPlan>& libraries, Clock now,
                std::vector<std::string>& remarks);

    /// The same before a need was seen, for a program that is likely to have one: attaching takes some 10 ms,
    /// and connections that begin and end meanwhile would be reported without a socket.
    void attach_early(std::uint32_t pid, const std::vector<LibraryPlan>& libraries, Clock now,
                      std::vector<std::string>& remarks);

    /// Attaches the probes of those `libraries` that have none yet for whoever uses them.
    void attach_everybody(std::span<const LibraryPlan> libraries, Clock now,
                          std::vector<std::string>& remarks);
    bool are_for_everybody() const { return !everybody_.empty(); }
    /// Others pay too much: processes that need probes get their own first, of the `libraries` that they use.
    using LibrariesOf = std::function<std::vector<LibraryPlan>(std::uint32_t pid)>;
    void detach_everybody(const LibrariesOf& libraries, std::vector<std::string>& remarks);

    /// Detaches where the process is gone, or where nothing was in need for a while and calls execute the
    /// probes. Cheap: looks once a second.
    void detach_idle(Clock now);
    void detach_all() {
        processes_.clear();
        everybody_.clear();
    }

    std::size_t processes() const { return processes_.size(); }

  private:
    struct Process {
        std::vector<ProbeLinks> links;
        Clock attached{};
    };

    struct Library {
        LibraryPlan plan;
        ProbeLinks links;
    };
    std::optional<ProbeLinks> attach_file(const LibraryPlan& library, pid_t pid,
                                          std::vector<std::string>& remarks);
    std::vector<ProbeLinks> attach_files(std::uint32_t pid, const std::vector<LibraryPlan>& libraries,
                                         std::vector<std::string>& remarks);
    bool is_for_everybody(const LibraryPlan& library) const;
    void free_everybody();

    const CapturePrograms& programs_;
    SiteTable& sites_;
    const CiphertextMaps& maps_;
    std::vector<Library> everybody_;
    Clock needed_by_everybody_{};
    std::map<std::uint32_t, Process> processes_;
    Clock next_look_{};
    CallRate rate_;
    BackgroundDetacher detacher_;
};

}  // namespace sslsniff
