#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/patience.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "model/time.h"

namespace sslsniff::api {

/// Everything that a capture waits for, behind one descriptor that stays the same from run to run. Takes no
/// signals; only request_stop() may be called by other threads.
class Waiting final : public Patience {
  public:
    using Milliseconds = std::chrono::milliseconds;

    static Result<std::unique_ptr<Waiting>> create();

    /// Readable when wait() would return at once.
    int fd() const { return epoll_.get(); }

    /// A run begins: from now on stops are requests to it.
    void begin_run();
    /// It has work when `source` is readable (-1: it never says), is over when the last of `processes` has
    /// ended (none: never so), or after `duration`.
    void watch(int source, std::vector<UniqueFd> processes, std::optional<Duration> duration);
    /// Nothing of it counts any more.
    void end_run();

    /// There is work at once, whatever the descriptors say.
    void set_busy(bool busy);
    /// Until there is work, but at most so long; less than 0: for ever. Also ends when a signal was handled.
    void wait(Milliseconds timeout);

    /// The processes have ended, or the time is over.
    bool is_over() const { return is_over_; }
    /// From any thread, and from signal handlers.
    void request_stop();
    bool is_stop_requested() const { return stop_.load(std::memory_order_acquire); }

    // For inputs and outputs that must wait for their other ends: until a stop is requested, and outputs half
    // a second more.

    bool await_readable(int fd) override;
    bool await_writable(int fd) override;
    bool pause(Milliseconds time) override;

  private:
    using Clock = std::chrono::steady_clock;

    Waiting() = default;
    bool add(int fd, std::uint64_t tag) const;
    void remove(int fd) const;
    bool poll_with_stop(int fd, short events, Milliseconds timeout) const;
    void on_ready(std::uint64_t tag);

    UniqueFd epoll_;
    UniqueFd timer_;
    UniqueFd busy_event_;
    UniqueFd stop_event_;
    int source_ = -1;
    std::vector<UniqueFd> processes_;
    std::size_t running_ = 0;  ///< of `processes_`
    bool is_busy_ = false;
    bool is_over_ = false;
    std::optional<Clock::time_point> give_up_;  ///< when outputs wait no longer
    std::atomic<bool> stop_ = false;
    static_assert(std::atomic<bool>::is_always_lock_free);  // signal handlers use it
};

}  // namespace sslsniff::api
