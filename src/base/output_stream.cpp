#include "base/output_stream.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/system_error.h"
#include "base/text.h"

namespace sslsniff {
namespace {

constexpr std::size_t kBufferSize = std::size_t{256} * 1024;

bool is_non_blocking(int fd) {
    const int flags = ::fcntl(fd, F_GETFL);
    return flags >= 0 && (flags & O_NONBLOCK) != 0;
}

/// O_NONBLOCK belongs to the open file, which a standard output shares with the shell and with other
/// programs: it is set on a second one. None where that cannot be had, or `fd` is not for writing.
UniqueFd open_twin(int fd) {
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY) {
        return {};
    }
    const std::string path = fmt::format("/proc/self/fd/{}", fd);
    return UniqueFd(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

}  // namespace

FdOutputStream::FdOutputStream(int fd, std::string name, Patience* patience)
    : fd_(fd), name_(std::move(name)), patience_(patience) {
    buffer_.reserve(kBufferSize);
    struct stat status{};
    if (::fstat(fd, &status) != 0 || S_ISREG(status.st_mode) || S_ISBLK(status.st_mode)) {
        return;
    }
    kind_ = S_ISSOCK(status.st_mode) ? Kind::socket : Kind::other;
    if (kind_ == Kind::other && !is_non_blocking(fd)) {
        twin_ = open_twin(fd);
    }
}

FdOutputStream::FdOutputStream(UniqueFd fd, std::string name, Patience* patience)
    : FdOutputStream(fd.get(), std::move(name), patience) {
    owned_ = std::move(fd);
}

FdOutputStream::~FdOutputStream() {
    drain();
}

void FdOutputStream::write(ByteView bytes) {
    if (errno_ != 0) {
        bytes_dropped_ += bytes.size();
        return;
    }
    if (buffer_.size() + bytes.size() > kBufferSize) {
        drain();
    }
    if (bytes.size() >= kBufferSize) {
        write_through(bytes);
    } else {
        buffer_.append(bytes);
    }
}

Result<void> FdOutputStream::flush() {
    drain();
    if (gave_up_) {
        return fail(ErrorKind::output,
                    fmt::format("cannot write {}: its reader takes nothing ({} bytes written, {} bytes not)",
                                printable(name_), bytes_written_, bytes_dropped_));
    }
    if (errno_ != 0) {
        return fail(ErrorKind::output, fmt::format("cannot write {}: {} ({} bytes written)", printable(name_),
                                                   error_text(errno_), bytes_written_));
    }
    return {};
}

bool FdOutputStream::is_closed_reader() const {
    return errno_ == EPIPE;
}

void FdOutputStream::drain() {
    write_through(buffer_);
    buffer_.clear();
}

void FdOutputStream::write_through(ByteView bytes) {
    while (!bytes.empty() && errno_ == 0) {
        const ssize_t written = write_some(bytes);
        if (written > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(written));
            bytes_written_ += static_cast<std::uint64_t>(written);
        } else if (written == 0) {
            errno_ = EIO;  // no device should, and trying for ever would be worse
        } else if (errno == EAGAIN) {
            wait();
        } else if (errno != EINTR) {
            errno_ = errno;
        }
    }
    bytes_dropped_ += bytes.size();
}

/// As write(2), with EAGAIN where that would wait.
ssize_t FdOutputStream::write_some(ByteView bytes) const {
    if (kind_ == Kind::socket) {
        return ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    if (kind_ == Kind::file || twin_ || is_non_blocking(fd_)) {
        return ::write(twin_ ? twin_.get() : fd_, bytes.data(), bytes.size());
    }
    // A pipe that can be written to takes this much without waiting, unless another writer is faster.
    pollfd writable{.fd = fd_, .events = POLLOUT, .revents = 0};
    if (::poll(&writable, 1, 0) == 0) {
        errno = EAGAIN;
        return -1;
    }
    return ::write(fd_, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
}

void FdOutputStream::wait() {
    if (patience_ == nullptr) {
        pollfd writable{.fd = fd_, .events = POLLOUT, .revents = 0};
        ::poll(&writable, 1, -1);
    } else if (!patience_->await_writable(fd_)) {
        gave_up_ = true;
        errno_ = ETIMEDOUT;
    }
}

}  // namespace sslsniff
