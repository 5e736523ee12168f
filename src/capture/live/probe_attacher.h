#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/discovery/attach_plan.h"
#include "capture/live/capture_programs.h"
#include "capture/live/probe_links.h"

namespace sslsniff {

/// Attaches the probes of libraries, each file once.
class ProbeAttacher {
  public:
    /// `pids`: only these processes; empty: all that use the file, including later ones.
    ProbeAttacher(const CapturePrograms& programs, std::vector<pid_t> pids)
        : programs_(programs), pids_(std::move(pids)) {}
    ProbeAttacher(const ProbeAttacher&) = delete;
    ProbeAttacher& operator=(const ProbeAttacher&) = delete;
    ~ProbeAttacher() { detach_all(); }

    /// Attaches returns before entries, or both at once. True when it was new. Fails when the file cannot be
    /// opened or is no longer the one that was planned for; probes that the kernel refuses become remarks.
    Result<bool> attach(const LibraryPlan& library, std::vector<std::string>& remarks);

    /// Entries before returns.
    void detach_all();

    std::size_t libraries() const { return attached_.size(); }
    std::size_t probes() const { return probes_; }
    /// The number that cookies carry for the file of `library`; 0 when it is not attached.
    std::uint32_t library_number(const LibraryPlan& library) const;

  private:
    struct Attached {
        LibraryPlan library;
        std::uint32_t number = 0;
        std::vector<ProbeLinks> returns;
        std::vector<ProbeLinks> entries;
    };
    enum class Side : std::uint8_t { entry, ret };
    std::vector<ProbeLinks> attach_side(const LibraryPlan& library, ProbeTarget target, Side side,
                                        std::vector<std::string>& remarks);

    const CapturePrograms& programs_;
    std::vector<pid_t> pids_;
    std::vector<Attached> attached_;  // one for each file, as is_same_file() tells them apart
    std::uint32_t last_number_ = 0;
    std::size_t probes_ = 0;
};

}  // namespace sslsniff
