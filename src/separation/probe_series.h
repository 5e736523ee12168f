#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "capture/kernel/kernel_side.h"
#include "engine/capture_options.h"
#include "model/process.h"
#include "separation/held_probes.h"

namespace sslsniff::separation {

/// The probes of a capture that may be stopped and started again: new ones each time, into the ring of the
/// first.
class ProbeSeries {
  public:
    /// Borrows `options`. `reader` is the process that reads the records.
    ProbeSeries(const CaptureOptions& options, pid_t reader) : options_(options), reader_(reader) {}

    /// Once. `command` is the held child that will run the command.
    Result<void> start(std::optional<pid_t> command);
    /// Detaches; current() stays, for what is still to be read.
    Result<void> stop();
    /// Behind stop(): as the options say, but instead of processes by number those that were captured at
    /// stop() and still run.
    Result<void> restart();

    /// Null before start().
    HeldProbes* current() const { return probes_.get(); }
    /// Of the ring, for as long as this exists; -1 before start().
    int ring_fd() const { return ring_.get(); }
    bool need_sys_admin() const { return HeldProbes::need_sys_admin(options_); }
    /// By all probes since start().
    std::vector<KernelLoss> losses() const;

  private:
    CaptureOptions options_to_go_on() const;

    const CaptureOptions& options_;
    pid_t reader_;
    std::unique_ptr<HeldProbes> probes_;
    UniqueFd ring_;                         ///< of the first probes, and of all that come after
    std::set<ProcessKey> stopped_;          ///< who was captured at stop()
    std::map<LossCause, KernelLoss> lost_;  ///< with probes that are gone
};

}  // namespace sslsniff::separation
