#include "output/metrics/page_server.h"

#include <fmt/format.h>
#include <llhttp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/system_error.h"

namespace sslsniff {
namespace {

constexpr std::size_t kLongestRequest = 8192;

std::pair<sockaddr_storage, socklen_t> socket_address(const Endpoint& endpoint) {
    sockaddr_storage storage{};
    if (endpoint.address.family == IpAddress::Family::v6) {
        sockaddr_in6 address{};
        address.sin6_family = AF_INET6;
        address.sin6_port = htons(endpoint.port);
        std::memcpy(&address.sin6_addr, endpoint.address.bytes.data(), sizeof address.sin6_addr);
        std::memcpy(&storage, &address, sizeof address);
        return {storage, sizeof address};
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(endpoint.port);
    std::memcpy(&address.sin_addr, endpoint.address.bytes.data(), sizeof address.sin_addr);
    std::memcpy(&storage, &address, sizeof address);
    return {storage, sizeof address};
}

std::uint16_t port_of(int fd) {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) {
        return 0;
    }
    std::uint16_t port = 0;  // at the same place in both
    std::memcpy(&port, reinterpret_cast<const char*>(&storage) + offsetof(sockaddr_in, sin_port),
                sizeof port);
    return ntohs(port);
}

}  // namespace

/// One connection: reads a request, writes an answer.
class PageServer::Client {
  public:
    Client(UniqueFd fd, const PageServer& server) : fd_(std::move(fd)), server_(server) {
        llhttp_settings_init(&settings_);
        settings_.on_url = [](llhttp_t* parser, const char* at, std::size_t length) {
            static_cast<Client*>(parser->data)->url_.append(at, length);
            return 0;
        };
        settings_.on_message_complete = [](llhttp_t* parser) {
            static_cast<Client*>(parser->data)->is_whole_ = true;
            return static_cast<int>(HPE_PAUSED);
        };
        llhttp_init(&parser_, HTTP_REQUEST, &settings_);
        parser_.data = this;
    }

    /// False: it is done, or gone.
    bool serve(const MakePage& make_page) {
        while (answer_.empty()) {
            std::array<char, 4096> bytes{};
            const ssize_t size = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
            if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
                return true;
            }
            if (size <= 0) {
                return false;
            }
            take({bytes.data(), static_cast<std::size_t>(size)}, make_page);
        }
        return write();
    }

  private:
    void take(std::string_view bytes, const MakePage& make_page) {
        received_ += bytes.size();
        const auto result = llhttp_execute(&parser_, bytes.data(), bytes.size());
        if (is_whole_) {
            answer(make_page);
        } else if (result != HPE_OK) {
            refuse("400 Bad Request", "");
        } else if (received_ > kLongestRequest) {
            refuse("431 Request Header Fields Too Large", "");
        }
    }

    void answer(const MakePage& make_page) {
        const auto method = static_cast<llhttp_method_t>(parser_.method);
        if (method != HTTP_GET && method != HTTP_HEAD) {
            refuse("405 Method Not Allowed", "Allow: GET, HEAD\r\n");
        } else if (std::string_view(url_).substr(0, url_.find('?')) != server_.path_) {
            refuse("404 Not Found", "");
        } else {
            const std::string page = make_page();
            answer_ = fmt::format(
                "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                server_.type_, page.size());
            answer_ += method == HTTP_GET ? page : "";
        }
    }

    void refuse(std::string_view status, std::string_view fields) {
        answer_ =
            fmt::format("HTTP/1.1 {}\r\n{}Content-Length: 0\r\nConnection: close\r\n\r\n", status, fields);
    }

    bool write() {
        while (written_ < answer_.size()) {
            const ssize_t size =
                ::send(fd_.get(), answer_.data() + written_, answer_.size() - written_, MSG_NOSIGNAL);
            if (size < 0) {
                return errno == EAGAIN || errno == EINTR;
            }
            written_ += static_cast<std::size_t>(size);
        }
        ::shutdown(fd_.get(), SHUT_WR);
        return false;
    }

    UniqueFd fd_;
    const PageServer& server_;
    llhttp_settings_t settings_{};
    llhttp_t parser_{};
    std::string url_;
    std::size_t received_ = 0;  ///< bytes
    bool is_whole_ = false;
    std::string answer_;
    std::size_t written_ = 0;  ///< bytes of it
};

PageServer::PageServer(std::string path, std::string type) : path_(std::move(path)), type_(std::move(type)) {}
PageServer::~PageServer() = default;

Result<void> PageServer::listen(const Endpoint& address) {
    const auto [storage, length] = socket_address(address);
    UniqueFd fd(::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int yes = 1;
    if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0 ||
        ::listen(fd.get(), static_cast<int>(kMostClients)) != 0) {
        return fail(ErrorKind::output,
                    fmt::format("cannot listen at {}: {}", to_string(address), error_text(errno)));
    }
    address_ = address;
    address_.port = port_of(fd.get());
    listener_ = std::move(fd);
    return {};
}

void PageServer::accept() {
    for (std::size_t i = 0; i < kMostClients; ++i) {
        UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!fd) {
            return;
        }
        if (clients_.size() == kMostClients) {
            clients_.erase(clients_.begin());
        }
        clients_.push_back(std::make_unique<Client>(std::move(fd), *this));
    }
}

void PageServer::serve(const MakePage& make_page) {
    if (!listener_) {
        return;
    }
    accept();
    std::erase_if(clients_, [&](const auto& client) { return !client->serve(make_page); });
}

}  // namespace sslsniff
