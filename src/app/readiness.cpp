#include "app/readiness.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string_view>

#include "base/unique_fd.h"

namespace sslsniff {

void notify_ready() {
    const char* variable = std::getenv("NOTIFY_SOCKET");
    const std::string_view name = variable == nullptr ? "" : variable;
    sockaddr_un address{};
    if (name.empty() || name.size() > sizeof(address.sun_path)) {
        return;
    }
    address.sun_family = AF_UNIX;
    std::ranges::copy(name, std::begin(address.sun_path));
    if (name.front() == '@') {
        address.sun_path[0] = '\0';
    }
    const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) {
        return;
    }
    constexpr std::string_view kReady = "READY=1";
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    static_cast<void>(::sendto(socket.get(), kReady.data(), kReady.size(), MSG_NOSIGNAL,
                               reinterpret_cast<const sockaddr*>(&address), length));
}

}  // namespace sslsniff
