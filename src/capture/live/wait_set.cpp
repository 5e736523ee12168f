#include "capture/live/wait_set.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

namespace sslsniff {

Result<WaitSet> WaitSet::open() {
    WaitSet set;
    set.epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
    set.timer_ = UniqueFd(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    const timespec period = {0, static_cast<long>(std::chrono::nanoseconds(kTick).count())};
    const itimerspec timer = {period, period};
    if (!set.epoll_ || !set.timer_ || timerfd_settime(set.timer_.get(), 0, &timer, nullptr) != 0) {
        return fail(fmt::format("No descriptors for waiting: {}", std::strerror(errno)));
    }
    set.add(set.timer_.get());
    return set;
}

void WaitSet::add(int descriptor) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event);
}

void WaitSet::clear() {
    std::uint64_t ticks = 0;
    [[maybe_unused]] const ssize_t size = ::read(timer_.get(), &ticks, sizeof(ticks));
}

}  // namespace sslsniff
