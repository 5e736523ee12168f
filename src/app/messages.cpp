#include "app/messages.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

#include "base/output_stream.h"

namespace sslsniff {
namespace {

constexpr std::chrono::milliseconds kPatience{250};

std::string line_of(std::string_view sentence) {
    return fmt::format("sslsniff: {}\n", sentence);
}

}  // namespace

void Messages::say(std::string_view sentence) {
    tell(line_of(sentence));
}

void Messages::tell(std::string_view lines) {
    constexpr std::size_t kMostHeld = std::size_t{64} * 1024;  // what is said last matters least
    if (is_held_ && !errors_only_) {
        held_ += held_.size() < kMostHeld ? lines : std::string_view();
    } else if (!errors_only_) {
        write(lines);
    }
}

void Messages::release() {
    is_held_ = false;
    write(std::exchange(held_, {}));
}

void Messages::write(std::string_view lines) {
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

void Messages::interrupted() {
    if (!is_held_ && ::isatty(STDERR_FILENO) == 1) {
        tell("\n");
    }
}

int Messages::fail(std::string_view sentence, int status) {
    write(line_of(sentence));
    return status;
}

int Messages::fail(const Error& error) {
    return fail(error.message, error.kind == ErrorKind::usage ? kWrongUsage : kFailure);
}

int Messages::answer(std::string_view text) {
    FdOutputStream out(STDOUT_FILENO, "standard output");
    out.write(text);
    const auto flushed = out.flush();
    return flushed ? 0 : fail(flushed.error());
}

/// Whether stderr takes up to PIPE_BUF bytes without waiting. Waits for that only if it took the ones before.
bool Messages::is_writable() {
    pollfd descriptor{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
    const auto timeout = was_writable_ ? static_cast<int>(kPatience.count()) : 0;
    was_writable_ = ::poll(&descriptor, 1, timeout) == 1 && (descriptor.revents & POLLOUT) != 0;
    return was_writable_;
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
