#include "engine/terminal_watch.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/unique_fd.h"

namespace sslsniff {
namespace {

/// Opening it fails for a process without a controlling terminal, and once that has hung up.
bool can_open_terminal() {
    return static_cast<bool>(UniqueFd(::open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)));
}

}  // namespace

TerminalWatch::TerminalWatch() : has_controlling_(can_open_terminal()) {
    for (const int fd : {STDERR_FILENO, STDOUT_FILENO, STDIN_FILENO}) {
        if (::isatty(fd) == 1) {
            fd_ = fd;
            break;
        }
    }
}

bool TerminalWatch::has_hung_up() const {
    if (fd_ >= 0) {
        pollfd terminal{.fd = fd_, .events = 0, .revents = 0};
        if (::poll(&terminal, 1, 0) > 0) {
            return true;
        }
    }
    return has_controlling_ && !can_open_terminal();
}

}  // namespace sslsniff
