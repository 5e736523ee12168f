#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/patience.h"
#include "base/unique_fd.h"
#include "engine/command_runner.h"
#include "engine/control_port.h"
#include "engine/notices.h"
#include "engine/service_manager.h"
#include "engine/signals.h"
#include "engine/terminal_watch.h"
#include "model/time.h"

namespace sslsniff {

/// What ends a capture besides its source and its output.
struct StopConditions {
    std::optional<Duration> duration;
    std::vector<UniqueFd> processes;   ///< pidfds: it ends with the last of them; none: no such end
    CommandRunner* command = nullptr;  ///< it ends with this one; signals go there first
};

enum class StopReason : std::uint8_t {
    source_ended,
    output_done,
    signal,
    hang_up,
    duration,
    processes_ended
};

/// Knows when a capture ends, and what it is asked for on the way, by looking at signals, processes, the
/// terminal and the time: between events, and while an output waits for its reader.
///
/// - SIGINT, SIGTERM and SIGQUIT end it; with a command they go there first, and by Ctrl-C there alone. The
///   next such signal ends the process. SIGUSR2, SIGALRM and SIGXCPU end it.
/// - SIGHUP from a process asks for new files. From the kernel, or when the terminal is gone, it is the
///   hang-up of the terminal, which ends the capture; so does a hang-up without SIGHUP. Where SIGHUP was
///   ignored from the start (nohup), neither counts.
/// - SIGUSR1 asks for the totals.
class Supervisor final : public Patience {
  public:
    /// Borrows all. Without signals, neither they nor the terminal count. `service` may be null; it gets its
    /// signs of life wherever the capture waits.
    explicit Supervisor(Notices& notices, Signals* signals = nullptr, ServiceManager* service = nullptr)
        : notices_(notices), signals_(signals), service_(service) {}

    /// From now on these count.
    void start(StopConditions conditions);

    /// Waits until `source` is readable (-1: for nothing), or anything else happens, but at most for
    /// `timeout`.
    void watch(int source, std::chrono::milliseconds timeout);

    /// Null when nobody wants to know.
    ServiceManager* service() const { return service_; }

    /// Watches it from now on; borrowed.
    void set_control(ControlPort& control) { control_ = &control; }
    /// Null when nobody can ask.
    ControlPort* control() const { return control_; }

    const std::optional<StopReason>& stop() const { return stop_; }
    /// Ends it as by a signal.
    void request_stop();

    /// What was asked for since the last call.
    bool take_reopen() { return std::exchange(reopen_, false); }
    bool take_totals() { return std::exchange(totals_, false); }

    /// After a signal or hang-up has ended the capture, outputs get a last 500 ms together.
    bool await_readable(int fd) override;
    bool await_writable(int fd) override;
    bool pause(std::chrono::milliseconds time) override;

  private:
    using Clock = std::chrono::steady_clock;

    bool poll(int fd, short events, std::chrono::milliseconds timeout, bool controls = false);
    std::chrono::milliseconds until_due(std::chrono::milliseconds timeout) const;
    bool gave_up() const { return give_up_ && Clock::now() >= *give_up_; }
    void take_signals();
    void on_signal(const Signals::Received& signal);
    void on_hang_up();
    void end(StopReason reason);

    Notices& notices_;
    Signals* signals_;         ///< may be null
    ServiceManager* service_;  ///< may be null
    ControlPort* control_ = nullptr;
    TerminalWatch terminal_;
    StopConditions conditions_;
    bool watches_command_ = false;
    bool forwarded_ = false;    ///< a signal went to the command
    bool interrupted_ = false;  ///< by Ctrl-C, as the command was
    bool reopen_ = false;
    bool totals_ = false;
    std::optional<Clock::time_point> deadline_;
    std::optional<Clock::time_point> hung_up_at_;
    std::optional<Clock::time_point> give_up_;  ///< when outputs wait no longer
    std::optional<StopReason> stop_;
};

}  // namespace sslsniff
