#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "capture/discovery/attach_plan.h"
#include "capture/live/capture_programs.h"
#include "capture/live/ciphertext_maps.h"
#include "capture/live/probe_links.h"

namespace sslsniff {

/// The probes on BIO_read and BIO_write: of those processes only whose TLS library does not touch the socket
/// itself, and only as long as there are connections without a known socket.
class BioProbes {
  public:
    /// On CLOCK_MONOTONIC.
    using Clock = std::chrono::nanoseconds;

    BioProbes(const CapturePrograms& programs, const CiphertextMaps& maps)
        : programs_(programs), maps_(maps) {}

    bool has(std::uint32_t pid) const { return processes_.contains(pid); }

    /// Attaches the probes of `libraries` (AttachPlan::bio_libraries) for one process.
    void attach(std::uint32_t pid, const std::vector<LibraryPlan>& libraries,
                std::vector<std::string>& remarks);

    /// The same before a need was seen, for a program that is likely to have one: attaching takes some 10 ms,
    /// and connections that begin and end meanwhile would be reported without a socket.
    void attach_early(std::uint32_t pid, const std::vector<LibraryPlan>& libraries,
                      std::vector<std::string>& remarks);

    /// Detaches where nothing was in need for a while, or the process is gone. Cheap: looks once a second.
    void detach_idle(Clock now);
    void detach_all() { processes_.clear(); }

    std::size_t processes() const { return processes_.size(); }

  private:
    struct Process {
        std::vector<ProbeLinks> returns;
        std::vector<ProbeLinks> entries;  // destroyed first
    };

    const CapturePrograms& programs_;
    const CiphertextMaps& maps_;
    std::map<std::uint32_t, Process> processes_;
    Clock next_look_{};
};

}  // namespace sslsniff
