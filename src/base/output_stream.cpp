#include "base/output_stream.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace sslsniff {
namespace {

constexpr std::size_t kBufferSize = std::size_t{256} * 1024;

std::string error_text(int error) {
    return std::generic_category().message(error);
}

}  // namespace

FdOutputStream::FdOutputStream(int fd, std::string name) : fd_(fd), name_(std::move(name)) {
    buffer_.reserve(kBufferSize);
}

FdOutputStream::FdOutputStream(UniqueFd fd, std::string name) : FdOutputStream(fd.get(), std::move(name)) {
    owned_ = std::move(fd);
}

FdOutputStream::~FdOutputStream() {
    drain();
}

void FdOutputStream::write(ByteView octets) {
    if (errno_ != 0) {
        return;
    }
    if (buffer_.size() + octets.size() > kBufferSize) {
        drain();
    }
    if (octets.size() >= kBufferSize) {
        write_through(octets);
    } else {
        buffer_.append(octets);
    }
}

Result<void> FdOutputStream::flush() {
    drain();
    if (errno_ != 0) {
        return fail(
            fmt::format("cannot write {}: {} ({} bytes written)", name_, error_text(errno_), bytes_written_));
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

void FdOutputStream::write_through(ByteView octets) {
    while (!octets.empty() && errno_ == 0) {
        const ssize_t written = ::write(fd_, octets.data(), octets.size());
        if (written > 0) {
            octets.remove_prefix(static_cast<std::size_t>(written));
            bytes_written_ += static_cast<std::uint64_t>(written);
        } else if (written == 0) {
            errno_ = EIO;  // no device should, and trying for ever would be worse
        } else if (errno == EAGAIN) {
            // Standard output may have been made non-blocking by whoever shares it.
            pollfd writable{.fd = fd_, .events = POLLOUT, .revents = 0};
            ::poll(&writable, 1, -1);
        } else if (errno != EINTR) {
            errno_ = errno;
        }
    }
}

Result<std::unique_ptr<FdOutputStream>> create_output_file(const std::string& path) {
    static constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY;
    static constexpr mode_t kMode = S_IRUSR | S_IWUSR;
    UniqueFd fd(::open(path.c_str(), kFlags | O_NOFOLLOW, kMode));
    if (!fd && errno == ELOOP) {
        struct stat link{};
        if (::lstat(path.c_str(), &link) == 0 && link.st_uid != 0 && link.st_uid != ::geteuid()) {
            return fail(fmt::format(
                "cannot create {}: it is a symbolic link of another user (uid {}); give the path it "
                "leads to, or remove it",
                path, link.st_uid));
        }
        fd = UniqueFd(::open(path.c_str(), kFlags, kMode));
    }
    if (!fd) {
        return fail(fmt::format("cannot create {}: {}", path, error_text(errno)));
    }
    return std::make_unique<FdOutputStream>(std::move(fd), path);
}

}  // namespace sslsniff
