#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/live/probes.h"
#include "capture/live/record_source.h"
#include "engine/capture_options.h"
#include "engine/live_session.h"

namespace sslsniff {

/// The probes of a capture, and what is told of them, in the process that holds them. Built without live
/// capture, starting is an error that says so.
class HeldProbes {
  public:
    struct Circumstances {
        std::optional<pid_t> command{};  ///< the held child that will run it
        pid_t reader = 0;                ///< the process that will read the records: never captured
        int ring_fd = -1;                ///< LiveOptions::ring_fd
    };
    static Result<std::unique_ptr<HeldProbes>> start(const CaptureOptions& options,
                                                     const Circumstances& circumstances);

    /// Whether what is attached later takes CAP_SYS_ADMIN here, for which CAP_BPF and CAP_PERFMON do not
    /// stand.
    static bool need_sys_admin(const CaptureOptions& options);

    HeldProbes() = default;
    HeldProbes(const HeldProbes&) = delete;
    HeldProbes& operator=(const HeldProbes&) = delete;
    virtual ~HeldProbes() = default;

    virtual Probes& probes() = 0;
    virtual RecordSource records() const = 0;
    virtual std::vector<pid_t> captured() const = 0;
    // As of LiveSession.
    virtual std::vector<std::string> running() = 0;
    virtual std::vector<CapturedLibrary> take_libraries() = 0;
    virtual std::vector<std::string> take_remarks() = 0;
};

}  // namespace sslsniff
