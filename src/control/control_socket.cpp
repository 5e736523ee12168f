#include "control/control_socket.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "base/system_error.h"
#include "base/text.h"
#include "control/control_answer.h"
#include "control/control_place.h"
#include "control/control_request.h"

namespace sslsniff {
namespace {

constexpr int kBacklog = 8;

}  // namespace

/// One connection: reads a request, writes an answer.
class ControlSocket::Client {
  public:
    explicit Client(UniqueFd fd) : fd_(std::move(fd)) {}
    int fd() const { return fd_.get(); }

    /// False: it is done, or gone.
    bool serve(Controlled& capture) {
        while (answer_.empty()) {
            std::array<char, 4096> bytes{};
            const ssize_t size = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
            if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
                return true;
            }
            if (size <= 0) {
                return false;
            }
            request_.append(bytes.data(), static_cast<std::size_t>(size));
            if (const auto end = request_.find('\n'); end != std::string::npos) {
                answer_ = control_answer(std::string_view(request_).substr(0, end), capture);
            } else if (request_.size() > kLongestRequest) {
                return false;
            }
        }
        return write();
    }

  private:
    bool write() {
        while (written_ < answer_.size()) {
            const ssize_t size =
                ::send(fd_.get(), answer_.data() + written_, answer_.size() - written_, MSG_NOSIGNAL);
            if (size < 0) {
                return errno == EAGAIN || errno == EINTR;
            }
            written_ += static_cast<std::size_t>(size);
        }
        return false;
    }

    UniqueFd fd_;
    std::string request_;
    std::string answer_;
    std::size_t written_ = 0;  ///< bytes of it
};

ControlSocket::ControlSocket(UniqueFd listener) : listener_(std::move(listener)), owner_(::geteuid()) {}
ControlSocket::~ControlSocket() = default;

Result<std::unique_ptr<ControlSocket>> ControlSocket::listen(int folder, const std::string& name) {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto address = socket_address(folder, name);
    if (!fd || !address) {
        return fail(fmt::format("cannot make a socket: {}", error_text(fd ? ENAMETOOLONG : errno)));
    }
    remove_if_forsaken(folder, name);
    const mode_t mask = ::umask(S_IXUSR | S_IRWXG | S_IRWXO);
    const int bound = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address);
    const int error = errno;
    ::umask(mask);
    if (bound != 0) {
        return fail(error_kind(error), fmt::format("cannot make {}: {}", printable(name), error_text(error)));
    }
    if (::listen(fd.get(), kBacklog) != 0) {
        return fail(fmt::format("cannot listen at {}: {}", printable(name), error_text(errno)));
    }
    return std::unique_ptr<ControlSocket>(new ControlSocket(std::move(fd)));
}

std::vector<int> ControlSocket::descriptors() const {
    std::vector<int> all{listener_.get()};
    for (const auto& client : clients_) {
        all.push_back(client->fd());
    }
    return all;
}

/// Whatever became of the mode of the socket and its folder.
bool ControlSocket::may_ask(int client) const {
    ucred peer{};
    socklen_t length = sizeof peer;
    return ::getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
           (peer.uid == 0 || peer.uid == owner_);
}

void ControlSocket::accept() {
    while (true) {
        UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!fd) {
            return;
        }
        if (!may_ask(fd.get())) {
            continue;
        }
        if (clients_.size() >= kMostClients) {
            clients_.erase(clients_.begin());
        }
        clients_.push_back(std::make_unique<Client>(std::move(fd)));
    }
}

void ControlSocket::serve(Controlled& capture) {
    accept();
    std::erase_if(clients_, [&](const auto& client) { return !client->serve(capture); });
}

}  // namespace sslsniff
