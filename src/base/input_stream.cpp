#include "base/input_stream.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/system_error.h"
#include "base/text.h"

namespace sslsniff {

bool InputStream::is_readable() const {
    pollfd readable{.fd = poll_fd(), .events = POLLIN, .revents = 0};
    return readable.fd < 0 || ::poll(&readable, 1, 0) > 0;
}

Result<std::size_t> MemoryInputStream::read(std::span<char> into) {
    const std::size_t size = bytes_.copy(into.data(), into.size(), at_);
    at_ += size;
    return size;
}

Result<std::size_t> FdInputStream::read(std::span<char> into) {
    for (;;) {
        if (patience_ != nullptr && !patience_->await_readable(fd_)) {
            return 0;
        }
        const ssize_t got = ::read(fd_, into.data(), into.size());
        if (got >= 0) {
            return static_cast<std::size_t>(got);
        }
        if (errno == EAGAIN) {
            pollfd readable{.fd = fd_, .events = POLLIN, .revents = 0};
            ::poll(&readable, 1, -1);
        } else if (errno != EINTR) {
            return fail(error_kind(errno),
                        fmt::format("cannot read {}: {}", printable(name_), error_text(errno)));
        }
    }
}

Result<UniqueFd> open_input_file(const std::string& path) {
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!fd) {
        return fail(error_kind(errno), fmt::format("cannot open {}: {}", printable(path), error_text(errno)));
    }
    return fd;
}

}  // namespace sslsniff
