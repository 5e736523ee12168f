#include "engine/run_loop.h"

#include <chrono>
#include <string>

namespace sslsniff {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// The kernel wakes us only when much is waiting; this bounds how late little is seen.
constexpr milliseconds kIdleWait{20};
/// Longest time a busy capture keeps finished output to itself.
constexpr milliseconds kFlushInterval{100};
/// How often a service manager hears how much was seen.
constexpr std::chrono::seconds kStatusInterval{10};
/// How often a busy capture looks at signals and processes.
constexpr milliseconds kWatchInterval{5};

class Loop {
  public:
    Loop(EventSource& source, CaptureOutput& output, Supervisor& supervisor, Notices& notices)
        : source_(source), output_(output), supervisor_(supervisor), notices_(notices) {}

    Result<StopReason> run() {
        while (!supervisor_.stop()) {
            auto polled = source_.poll(output_.consumer());
            if (!polled) {
                // What came before the error is worth showing; the error is what the caller must know.
                flush();
                return std::unexpected(polled.error());
            }
            flush_when_due(*polled);
            if (output_.is_done()) {
                // An output that gave up its reader did so because of what ended the capture.
                return supervisor_.stop().value_or(StopReason::output_done);
            }
            if (*polled == PollStatus::ended) {
                return StopReason::source_ended;
            }
            watch(*polled);
            answer();
            tell_status();
        }
        return *supervisor_.stop();
    }

  private:
    void flush_when_due(PollStatus status) {
        const auto now = Clock::now();
        if (status == PollStatus::more && now - last_flush_ < kFlushInterval) {
            return;
        }
        last_flush_ = now;
        flush();
    }

    void flush() {
        output_.flush();  // what is kept back is handed on by a later one
        say_remarks();
    }

    void say_remarks() {
        for (const auto& remark : output_.take_remarks()) {
            notices_.say(remark);
        }
    }

    /// Looks at everything but the source; waits when the source is idle.
    void watch(PollStatus status) {
        const auto now = Clock::now();
        if (status == PollStatus::more && now - last_watch_ < kWatchInterval) {
            return;
        }
        last_watch_ = now;
        supervisor_.watch(source_.poll_fd(), status == PollStatus::more ? milliseconds(0) : kIdleWait);
        if (supervisor_.control() != nullptr) {
            supervisor_.control()->serve();
        }
    }

    void answer() {
        if (supervisor_.take_totals()) {
            notices_.tell(output_.totals());
        }
        if (supervisor_.take_reopen()) {
            reopen();
        }
    }

    void reopen() {
        ServiceManager* service = supervisor_.service();
        if (service != nullptr) {
            service->reloading();
        }
        if (!output_.reopen() && service == nullptr) {
            supervisor_.request_stop();  // as of any program that has nothing to open again
        }
        say_remarks();
        if (service != nullptr) {
            service->ready();
        }
    }

    void tell_status() {
        ServiceManager* service = supervisor_.service();
        if (service != nullptr && Clock::now() - last_status_ >= kStatusInterval) {
            last_status_ = Clock::now();
            service->status(one_line(output_.totals()));
        }
    }

    static std::string one_line(std::string lines) {
        for (auto at = lines.find('\n'); at != std::string::npos; at = lines.find('\n')) {
            lines.replace(at, 1, at + 1 < lines.size() ? ", " : "");
        }
        return lines;
    }

    EventSource& source_;
    CaptureOutput& output_;
    Supervisor& supervisor_;
    Notices& notices_;
    Clock::time_point last_flush_ = Clock::now();
    Clock::time_point last_watch_;
    Clock::time_point last_status_;
};

}  // namespace

Result<StopReason> run_loop(EventSource& source, CaptureOutput& output, Supervisor& supervisor,
                            Notices& notices) {
    auto reason = Loop(source, output, supervisor, notices).run();
    if (supervisor.service() != nullptr) {
        supervisor.service()->stopping();
    }
    return reason;
}

Result<void> drain(EventSource& source, CaptureOutput& output) {
    while (true) {
        const auto status = source.poll(output.consumer());
        if (!status) {
            return std::unexpected(status.error());
        }
        if (*status != PollStatus::more) {
            return {};
        }
    }
}

}  // namespace sslsniff
