#include "control/control_client.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/system_error.h"
#include "base/text.h"
#include "base/unique_fd.h"

namespace sslsniff {
namespace {

constexpr std::size_t kLongestAnswer = 16UL * 1024 * 1024;

Result<UniqueFd> connect_to(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd || path.size() >= sizeof address.sun_path) {
        return fail(
            fmt::format("cannot connect to {}: {}", printable(path), error_text(fd ? ENAMETOOLONG : errno)));
    }
    std::ranges::copy(path, static_cast<char*>(address.sun_path));
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const int error = errno;
        return fail(error == ECONNREFUSED ? ErrorKind::not_found : error_kind(error),
                    error == ECONNREFUSED
                        ? fmt::format("the capture of {} has ended", printable(path))
                        : fmt::format("cannot connect to {}: {}", printable(path), error_text(error)));
    }
    return fd;
}

bool send_all(int fd, const std::string& bytes) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
        const ssize_t size = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (size < 0 && errno != EINTR) {
            return false;
        }
        sent += size > 0 ? static_cast<std::size_t>(size) : 0;
    }
    return true;
}

}  // namespace

Result<std::string> ask_capture(const std::string& path, const ControlRequest& request,
                                std::chrono::milliseconds patience) {
    const std::string line = to_line(request);
    if (line.find('\n') != std::string::npos) {
        return fail(ErrorKind::usage, "an expression has one line");
    }
    const auto fd = connect_to(path);
    if (!fd) {
        return std::unexpected(fd.error());
    }
    if (!send_all(fd->get(), line + "\n")) {
        return fail(fmt::format("cannot ask the capture: {}", error_text(errno)));
    }
    std::string answer;
    while (answer.size() <= kLongestAnswer) {
        pollfd readable{fd->get(), POLLIN, 0};
        if (::poll(&readable, 1, static_cast<int>(patience.count())) <= 0) {
            return fail("the capture does not answer: it waits for whoever reads its output, or is stopped");
        }
        std::array<char, 65'536> bytes{};
        const ssize_t size = ::recv(fd->get(), bytes.data(), bytes.size(), 0);
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size <= 0) {
            break;
        }
        answer.append(bytes.data(), static_cast<std::size_t>(size));
    }
    if (!answer.ends_with('\n')) {
        return fail("the capture did not answer: it has ended, or you may not ask it");
    }
    answer.pop_back();
    return answer;
}

}  // namespace sslsniff
