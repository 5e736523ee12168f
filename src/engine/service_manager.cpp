#include "engine/service_manager.h"

#include <fmt/format.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "base/number.h"

namespace sslsniff {
namespace {

using std::chrono::microseconds;

/// How long its socket may be full.
constexpr timeval kPatience{.tv_sec = 0, .tv_usec = 250'000};

std::string_view environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

/// Half of what it waits (sd_watchdog_enabled(3)).
std::optional<microseconds> beat_interval() {
    const auto waits = parse_number<std::int64_t>(environment("WATCHDOG_USEC"));
    if (!waits || *waits <= 0) {
        return std::nullopt;
    }
    const std::string_view whose = environment("WATCHDOG_PID");
    if (!whose.empty() && parse_number<pid_t>(whose) != ::getpid()) {
        return std::nullopt;
    }
    return microseconds(std::max<std::int64_t>(*waits / 2, 1));
}

}  // namespace

std::optional<ServiceManager> ServiceManager::from_environment() {
    const std::string_view name = environment("NOTIFY_SOCKET");
    sockaddr_un address{};
    if (name.empty() || name.size() > sizeof(address.sun_path)) {
        return std::nullopt;
    }
    address.sun_family = AF_UNIX;
    std::ranges::copy(name, std::begin(address.sun_path));
    if (name.front() == '@') {
        address.sun_path[0] = '\0';
    }
    UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket || ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience) != 0) {
        return std::nullopt;
    }
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    // While we may: the folder that it is in can be closed to the user that we become.
    const bool connected = ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0;
    return ServiceManager(std::move(socket), connected, address, length);
}

ServiceManager::ServiceManager(UniqueFd socket, bool connected, const sockaddr_un& address, socklen_t length)
    : socket_(std::move(socket)),
      connected_(connected),
      address_(address),
      length_(length),
      interval_(beat_interval()) {}

void ServiceManager::ready() {
    tell("READY=1");
    last_beat_ = Clock::now();
}

void ServiceManager::reloading() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}",
                     std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000));
}

void ServiceManager::stopping() {
    tell("STOPPING=1");
}

void ServiceManager::status(std::string_view line) {
    tell(fmt::format("STATUS={}", line));
}

void ServiceManager::beat() {
    if (const auto when = due(); when && Clock::now() >= *when) {
        last_beat_ = Clock::now();
        tell("WATCHDOG=1");
    }
}

std::optional<ServiceManager::Clock::time_point> ServiceManager::due() const {
    return interval_ && last_beat_ ? std::optional(*last_beat_ + *interval_) : std::nullopt;
}

void ServiceManager::tell(std::string_view message) const {
    const auto* address = connected_ ? nullptr : reinterpret_cast<const sockaddr*>(&address_);
    static_cast<void>(::sendto(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL, address,
                               connected_ ? 0 : length_));
}

}  // namespace sslsniff
