#pragma once

#include <chrono>
#include <memory>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sslsniff {

/// One descriptor for several, readable at least every kTick: what has waited too long has to go on.
class WaitSet {
  public:
    static constexpr std::chrono::milliseconds kTick{20};

    static Result<WaitSet> open();

    void add(int descriptor);
    /// Becomes readable when one of them is, or kTick after clear().
    int descriptor() const { return epoll_.get(); }
    /// What had to be done by now is done.
    void clear();

  private:
    UniqueFd epoll_;
    UniqueFd timer_;
};

}  // namespace sslsniff
