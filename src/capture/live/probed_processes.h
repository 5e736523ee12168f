#pragma once

#include <sys/types.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/discovery/proc_fs.h"
#include "capture/kernel/probe_scope.h"
#include "capture/kernel/record_ring.h"
#include "capture/live/capture_programs.h"
#include "capture/live/live_options.h"
#include "capture/live/probe_attacher.h"

namespace sslsniff {

/// Who passes the probes: everybody who uses the same libraries, as long as those who are not captured make
/// few calls and so pay nothing that can be measured; else each captured process alone, as long as no new
/// ones come.
///
/// A child inherits the breakpoints of its parent, but not the links that are filtered by process. So the
/// kernel side reports each newcomer (map newcomers), and when there are no probes for everybody, they are
/// attached at the first one; when nobody has come for a while and others pay again (ProbeScope), the
/// newcomers get their own and the others are freed. What a newcomer does between its beginning and the
/// probes for everybody, some 20 ms, is not seen.
class ProbedProcesses {
  public:
    using Clock = ProbeScope::Clock;

    ProbedProcesses(const TargetFilter& targets, CapturePrograms& programs, SiteTable& sites);

    /// Of libraries in use and expected: attached by begin(), and from then on at once.
    Result<bool> add(const LibraryPlan& library, bool expected) { return attacher_.add(library, expected); }
    void begin(Clock now, std::vector<std::string>& remarks);
    /// Attaches what was added since.
    void attach_added(Clock now, std::vector<std::string>& remarks);

    /// Sees to the newcomers; to be called before anything else that can wait. Returns those of which it is
    /// not known what they map.
    std::vector<pid_t> take_newcomers(Clock now, std::vector<std::string>& remarks);

    /// These are captured from now on: the same as of newcomers that the kernel side tells of.
    void expect(std::span<const pid_t> processes, Clock now, std::vector<std::string>& remarks);

    /// Four times a second: lets go of processes that ended. Returns the processes that are to get probes of
    /// their own now, if any: for them separate() is to be called when their libraries were added.
    std::vector<pid_t> look_after(Clock now);
    void separate(const std::vector<pid_t>& newcomers, Clock now);

    bool are_for_everybody() const { return scope_.for_everybody(); }
    void attach_calls(std::vector<std::string>& remarks) { attacher_.attach_calls(remarks); }
    void detach_calls() { attacher_.detach_calls(); }
    void detach_all();

    /// Readable when there are newcomers; -1 before begin().
    int descriptor() const { return newcomers_ ? newcomers_->descriptor() : -1; }
    const ProbeAttacher& attacher() const { return attacher_; }

  private:
    enum class Policy : std::uint8_t {
        everybody,  ///< wanted, or this kernel cannot tell the probes apart
        separate,   ///< only these processes, whatever they do: nobody else is captured
        either,
    };
    static Policy policy_of(const TargetFilter& targets, const Backends& backends);
    bool can_be_separate(const std::vector<pid_t>& processes) const;
    bool has_forked(pid_t pid) const;
    std::vector<pid_t> captured() const;
    bool give_own(pid_t pid);
    void open_to_everybody(std::vector<std::string>& remarks);
    void forget(std::span<const pid_t> pids);

    CapturePrograms& programs_;
    Policy policy_;
    std::size_t most_;  // processes that may have their own
    ProcFs proc_;
    ProbeAttacher attacher_;
    ProbeScope scope_;
    bool freeing_ = false;  // the probes for everybody are being detached
    std::set<pid_t> own_;
    std::unique_ptr<RecordRing> newcomers_;
    Clock next_look_{};
};

}  // namespace sslsniff
