#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/event_source.h"
#include "capture/kernel/kernel_features.h"
#include "engine/capture_options.h"

namespace sslsniff {

/// A library whose calls are captured.
struct CapturedLibrary {
    std::string name;   ///< "OpenSSL 3.0.17"
    std::string place;  ///< "/usr/lib/x86_64-linux-gnu/libssl.so.3", as people find it
};

/// A live source as the program needs it. Built without live capture, opening one is an error that says so.
class LiveSession {
  public:
    /// Attaches, in this process. `command` is the held child that will run `options.command`.
    static Result<std::unique_ptr<LiveSession>> open(const CaptureOptions& options,
                                                     std::optional<pid_t> command);

    LiveSession() = default;
    LiveSession(const LiveSession&) = delete;
    LiveSession& operator=(const LiveSession&) = delete;
    virtual ~LiveSession() = default;

    virtual EventSource& source() = 0;
    /// That are captured, by name; each once.
    virtual std::vector<std::string> libraries() { return {}; }
    /// "nginx[42]" of each process that is captured and runs now.
    virtual std::vector<std::string> running() = 0;
    /// Detaches; what the source still has can be drained from it.
    virtual Result<void> stop() = 0;

    /// What is captured since the last call.
    virtual std::vector<CapturedLibrary> take_libraries() = 0;
    /// What the user should know and was not told before: one sentence each.
    virtual std::vector<std::string> take_remarks() = 0;
};

/// Whether this program can capture live.
bool has_live_capture();

/// What the kernel offers for it, and what is in the way.
KernelFeatures examine_host();

}  // namespace sslsniff
