#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "capture/discovery/attach_plan.h"
#include "capture/live/background_detacher.h"
#include "capture/live/capture_programs.h"
#include "capture/live/probe_links.h"

namespace sslsniff {

/// The probes of TLS libraries, each file once: for everybody who uses it, and for single processes. Who gets
/// them is ProbedProcesses' to say.
class ProbeAttacher {
  public:
    ProbeAttacher(const CapturePrograms& programs, SiteTable& sites) : programs_(programs), sites_(sites) {}
    ProbeAttacher(const ProbeAttacher&) = delete;
    ProbeAttacher& operator=(const ProbeAttacher&) = delete;
    ~ProbeAttacher() { detach_all(); }

    /// Makes a library known, without attaching anything. True when it is new and has anything to probe; else
    /// the processes that use it are added to those known. Fails when the file cannot be opened or is no
    /// longer the one that was planned for. `expected`: captured processes may load it later.
    Result<bool> add(const LibraryPlan& library, bool expected);

    /// Attaches all libraries, as far as they are not attached, for everybody. What the kernel refuses
    /// becomes a remark.
    void attach_everybody(std::vector<std::string>& remarks);
    /// In the background: they are gone when is_detached() says so.
    void detach_everybody();
    bool is_detached() { return detacher_.is_done(); }

    /// Attaches, as far as they are not attached for it, all libraries that the process uses or that are
    /// expected. Empty when that was done, else why it cannot be had.
    std::vector<std::string> attach_process(pid_t pid);
    void detach_processes(std::span<const pid_t> pids);

    /// The probes on calls whose payload is seen record by record: which socket a connection has is learnt
    /// there. Whoever gets probes gets these too, unless they were detached.
    void attach_calls(std::vector<std::string>& remarks);
    void detach_calls();
    bool has_calls() const { return has_calls_; }

    void detach_all();

    std::size_t libraries() const { return libraries_.size(); }
    /// Attached now.
    std::size_t probes() const;
    /// The number that the table of sites has for the file of `library`; 0 when it is not known.
    std::uint32_t library_number(const LibraryPlan& library) const;

  private:
    struct Probes {
        ProbeLinks lasting;
        ProbeLinks calls;
    };
    struct Library {
        LibraryPlan plan;
        UniqueFd file;  // its path may lead through a process that ends
        std::uint32_t number = 0;
        bool expected = false;
        std::map<pid_t, Probes> links;  // by process; kEverybody: of all
    };
    static constexpr pid_t kEverybody = 0;
    enum class Part : std::uint8_t { lasting, calls };
    Probes attach(const Library& library, pid_t pid, std::vector<std::string>& remarks);
    ProbeLinks attach_part(const Library& library, Part part, pid_t pid, std::vector<std::string>& remarks);
    std::vector<ProbeLinks> take_links(std::span<const pid_t> pids);

    const CapturePrograms& programs_;
    SiteTable& sites_;
    bool has_calls_ = true;
    std::vector<Library> libraries_;  // as is_same_library() tells them apart
    BackgroundDetacher detacher_;
};

}  // namespace sslsniff
