#include "app/readiness.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "base/unique_fd.h"

namespace sslsniff {
namespace {

/// What arrives at a datagram socket of this name; a leading '@' means the abstract namespace.
std::string notified_at(const std::string& name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path, sizeof(address.sun_path));
    if (name.front() == '@') {
        address.sun_path[0] = '\0';
    }
    const UniqueFd listener(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), length), 0)
        << std::strerror(errno);
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    notify_ready();
    ::unsetenv("NOTIFY_SOCKET");
    std::array<char, 64> received{};
    const ssize_t bytes = ::recv(listener.get(), received.data(), received.size(), 0);
    return bytes < 0 ? "nothing" : std::string(received.data(), static_cast<std::size_t>(bytes));
}

TEST(Readiness, IsToldToASocketInTheFileSystem) {
    const auto path = std::filesystem::temp_directory_path() / ("ready" + std::to_string(::getpid()));
    EXPECT_EQ(notified_at(path.string()), "READY=1");
    std::filesystem::remove(path);
}

TEST(Readiness, IsToldToAnAbstractSocket) {
    EXPECT_EQ(notified_at("@sslsniff-test-" + std::to_string(::getpid())), "READY=1");
}

TEST(Readiness, DoesNotCareWhenNobodyListens) {
    notify_ready();
    for (const std::string& name : {std::string("/nowhere/at/all"), std::string(200, 'x'), std::string()}) {
        ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
        notify_ready();
    }
    ::unsetenv("NOTIFY_SOCKET");
}

}  // namespace
}  // namespace sslsniff
