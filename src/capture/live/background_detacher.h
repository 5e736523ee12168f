#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "capture/live/probe_links.h"

namespace sslsniff {

/// Detaches probes while the capture goes on. The kernel lets go of a probe only when no CPU can be running
/// it any more: that takes milliseconds, on a busy machine seconds, for which the ring must be read.
class BackgroundDetacher {
  public:
    BackgroundDetacher() = default;
    BackgroundDetacher(const BackgroundDetacher&) = delete;
    BackgroundDetacher& operator=(const BackgroundDetacher&) = delete;
    /// Waits until all are detached.
    ~BackgroundDetacher() = default;

    /// From any thread. Returns at once.
    void detach(std::vector<ProbeLinks> links);
    /// Whether all that were handed over are detached.
    bool is_done();

  private:
    void run(const std::stop_token& stop);

    std::mutex mutex_;
    std::condition_variable_any wanted_;
    std::vector<ProbeLinks> waiting_;  // guarded by mutex_
    bool detaching_ = false;           // guarded by mutex_
    std::jthread thread_;              // started with the first; joined before the rest is destroyed
};

}  // namespace sslsniff
