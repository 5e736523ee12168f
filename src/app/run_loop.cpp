#include "app/run_loop.h"

#include <poll.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace sslsniff {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// The kernel wakes us only when much is waiting; this bounds how late little is seen.
constexpr milliseconds kIdleWait{20};
/// Longest time a busy capture keeps finished output to itself.
constexpr milliseconds kFlushInterval{100};
/// How often a busy capture looks at signals and processes.
constexpr milliseconds kWatchInterval{5};

class Loop {
  public:
    Loop(EventSource& source, CaptureOutput& output, Signals& signals, StopConditions conditions)
        : source_(source), output_(output), signals_(signals), conditions_(std::move(conditions)) {
        watched_command_ = conditions_.command != nullptr;
    }

    Result<StopReason> run() {
        if (conditions_.duration) {
            deadline_ = Clock::now() + *conditions_.duration;
        }
        while (!stop_) {
            auto polled = source_.poll(milliseconds(0), output_.consumer());
            if (!polled) {
                // What came before the error is worth showing; the error is what the caller must know.
                static_cast<void>(output_.flush());
                return std::unexpected(polled.error());
            }
            const PollStatus status = *polled;
            if (auto flushed = flush_when_due(status); !flushed) {
                return std::unexpected(flushed.error());
            }
            if (output_.is_done()) {
                return StopReason::output_done;
            }
            if (status == PollStatus::ended) {
                return StopReason::source_ended;
            }
            watch(status);
        }
        return *stop_;
    }

  private:
    Result<void> flush_when_due(PollStatus status) {
        const auto now = Clock::now();
        if (status == PollStatus::more && now - last_flush_ < kFlushInterval) {
            return {};
        }
        last_flush_ = now;
        return output_.flush();
    }

    /// Looks at everything but the source; waits when the source is idle.
    void watch(PollStatus status) {
        auto now = Clock::now();
        if (status == PollStatus::more && now - last_watch_ < kWatchInterval) {
            return;
        }
        last_watch_ = now;
        wait_for_descriptors(status == PollStatus::more ? milliseconds(0) : idle_wait(now));
        now = Clock::now();
        if (!stop_ && deadline_ && now >= *deadline_) {
            stop_ = StopReason::duration;
        }
    }

    milliseconds idle_wait(Clock::time_point now) const {
        if (!deadline_) {
            return kIdleWait;
        }
        const auto left = std::chrono::ceil<milliseconds>(*deadline_ - now);
        return std::clamp(left, milliseconds(0), kIdleWait);
    }

    void wait_for_descriptors(milliseconds timeout) {
        std::vector<pollfd> descriptors{{signals_.fd(), POLLIN, 0}, {source_.poll_fd(), POLLIN, 0}};
        descriptors.push_back({watched_command_ ? conditions_.command->pidfd() : -1, POLLIN, 0});
        for (const auto& process : conditions_.processes) {
            descriptors.push_back({process.get(), POLLIN, 0});
        }
        if (::poll(descriptors.data(), descriptors.size(), static_cast<int>(timeout.count())) <= 0) {
            return;
        }
        if (watched_command_ && descriptors[2].revents != 0) {
            watched_command_ = false;
            stop_ = StopReason::processes_ended;
        }
        if (!conditions_.processes.empty()) {
            auto index = descriptors.begin() + 3;
            std::erase_if(conditions_.processes, [&](const UniqueFd&) { return index++->revents != 0; });
            if (conditions_.processes.empty()) {
                stop_ = StopReason::processes_ended;
            }
        }
        while (const auto signal = signals_.next()) {
            on_signal(*signal);
        }
    }

    void on_signal(const Signals::Received& signal) {
        if (!watched_command_) {
            stop_ = StopReason::signal;
            signals_.give_back();
            return;
        }
        if (signal.from_terminal) {
            return;  // the command got it as well and decides what becomes of it
        }
        if (std::exchange(forwarded_, true)) {
            signals_.give_back();  // this is the second: do not wait for the command any longer
            ::raise(signal.number);
        }
        conditions_.command->send_signal(signal.number);
    }

    EventSource& source_;
    CaptureOutput& output_;
    Signals& signals_;
    StopConditions conditions_;
    bool watched_command_ = false;
    bool forwarded_ = false;  ///< a signal went to the command
    std::optional<Clock::time_point> deadline_;
    std::optional<StopReason> stop_;
    Clock::time_point last_flush_ = Clock::now();
    Clock::time_point last_watch_;
};

}  // namespace

Result<StopReason> run_loop(EventSource& source, CaptureOutput& output, Signals& signals,
                            StopConditions conditions) {
    return Loop(source, output, signals, std::move(conditions)).run();
}

Result<void> drain(EventSource& source, CaptureOutput& output) {
    while (true) {
        const auto status = source.poll(milliseconds(0), output.consumer());
        if (!status) {
            return std::unexpected(status.error());
        }
        if (*status != PollStatus::more) {
            return {};
        }
    }
}

}  // namespace sslsniff
