#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <chrono>
#include <optional>
#include <string_view>

#include "base/unique_fd.h"

namespace sslsniff {

/// The service manager that started us and wants to know how we are, in the way of sd_notify(3): datagrams to
/// the unix socket that $NOTIFY_SOCKET names (its first character '@' stands for the abstract namespace).
/// What cannot be told within a quarter of a second is dropped: a capture does not end because of it.
class ServiceManager {
  public:
    using Clock = std::chrono::steady_clock;

    /// Nothing without that variable. $WATCHDOG_USEC says how often it wants a sign of life, unless
    /// $WATCHDOG_PID names another process.
    static std::optional<ServiceManager> from_environment();

    /// "READY=1": every probe is in place, or everything was opened again. Signs of life begin.
    void ready();
    /// "RELOADING=1": files are about to be opened again; ready() follows.
    void reloading();
    /// "STOPPING=1": what was captured is being written, and nothing else follows.
    void stopping();
    /// "STATUS=": one line for people, shown by systemctl status. No line break.
    void status(std::string_view line);

    /// "WATCHDOG=1", when half of the time that the service manager waits has passed since the last one.
    void beat();
    /// When beat() is due next, at the latest. Nothing: never.
    std::optional<Clock::time_point> due() const;

  private:
    ServiceManager(UniqueFd socket, bool connected, const sockaddr_un& address, socklen_t length);
    void tell(std::string_view message) const;

    UniqueFd socket_;
    bool connected_;  ///< else somebody may yet come to the address
    sockaddr_un address_;
    socklen_t length_;  ///< of `address_`, in bytes
    std::optional<std::chrono::microseconds> interval_;
    std::optional<Clock::time_point> last_beat_;
};

}  // namespace sslsniff
