#pragma once

#include <chrono>
#include <memory>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sslsniff {

/// Waits for descriptors, and at least every kTick for nothing: what has waited too long has to go on.
class WaitSet {
  public:
    static constexpr std::chrono::milliseconds kTick{20};

    static Result<WaitSet> open();

    void add(int descriptor);
    /// Returns when there is something to do, or after `timeout` or kTick.
    void wait(std::chrono::milliseconds timeout);
    /// Becomes readable when wait() would return.
    int descriptor() const { return epoll_.get(); }

  private:
    UniqueFd epoll_;
    UniqueFd timer_;
};

}  // namespace sslsniff
