#include "engine/messages.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>

#include "base/output_stream.h"

namespace sslsniff {
namespace {

constexpr std::chrono::milliseconds kPatience{250};

/// Whether stderr takes up to PIPE_BUF bytes without waiting. Waits for that only if it took the ones before.
bool is_writable() {
    static bool was_writable = true;
    pollfd descriptor{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
    const auto timeout = was_writable ? static_cast<int>(kPatience.count()) : 0;
    was_writable = ::poll(&descriptor, 1, timeout) == 1 && (descriptor.revents & POLLOUT) != 0;
    return was_writable;
}

}  // namespace

int say(std::string_view message, int status) {
    tell(fmt::format("sslsniff: {}\n", message));
    return status;
}

void tell(std::string_view lines) {
    while (!lines.empty() && is_writable()) {
        const ssize_t written =
            ::write(STDERR_FILENO, lines.data(), std::min<std::size_t>(lines.size(), PIPE_BUF));
        if (written > 0) {
            lines.remove_prefix(static_cast<std::size_t>(written));
        } else if (written == 0 || (errno != EINTR && errno != EAGAIN)) {
            return;
        }
    }
}

int answer(std::string_view text) {
    FdOutputStream out(STDOUT_FILENO, "standard output");
    out.write(text);
    const auto flushed = out.flush();
    return flushed ? 0 : say(flushed.error().message, kFailure);
}

void occupy_standard_descriptors() {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(fd, F_GETFD) == -1 && errno == EBADF) {
            // The lowest free number, which is fd, since those below are taken. Wrong way round on purpose.
            const int flags = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;
            [[maybe_unused]] const int opened = ::open("/dev/null", flags | O_CLOEXEC);
        }
    }
}

}  // namespace sslsniff
