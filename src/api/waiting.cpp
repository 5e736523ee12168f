#include "api/waiting.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <memory>
#include <utility>

#include "base/system_error.h"

namespace sslsniff::api {
namespace {

constexpr std::uint64_t kSource = 0;
constexpr std::uint64_t kBusy = 1;
constexpr std::uint64_t kStop = 2;
constexpr std::uint64_t kTimer = 3;
constexpr std::uint64_t kProcesses = 4;  ///< and so on

constexpr std::chrono::milliseconds kLong{1000};
/// How long readers have to take the rest after a stop was requested.
constexpr std::chrono::milliseconds kLastWait{500};

/// poll(2) and epoll_wait(2) take no more.
int as_timeout(std::chrono::milliseconds time) {
    using Count = std::chrono::milliseconds::rep;
    return static_cast<int>(std::clamp<Count>(time.count(), -1, std::numeric_limits<int>::max()));
}

void signal_event(int fd) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(fd, &one, sizeof one);
}

void clear_event(int fd) {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t size = ::read(fd, &count, sizeof count);
}

}  // namespace

Result<std::unique_ptr<Waiting>> Waiting::create() {
    std::unique_ptr<Waiting> waiting(new Waiting);
    waiting->epoll_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
    waiting->timer_ = UniqueFd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    waiting->busy_event_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    waiting->stop_event_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!waiting->epoll_ || !waiting->timer_ || !waiting->busy_event_ || !waiting->stop_event_ ||
        !waiting->add(waiting->timer_.get(), kTimer) || !waiting->add(waiting->busy_event_.get(), kBusy) ||
        !waiting->add(waiting->stop_event_.get(), kStop)) {
        return fail(fmt::format("no descriptors to wait with: {}", error_text(errno)));
    }
    return waiting;
}

bool Waiting::add(int fd, std::uint64_t tag) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = tag;
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void Waiting::remove(int fd) const {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void Waiting::begin_run() {
    end_run();
    stop_.store(false, std::memory_order_release);
    give_up_.reset();
    is_over_ = false;
}

void Waiting::watch(int source, std::vector<UniqueFd> processes, std::optional<Duration> duration) {
    // A file is always readable, which epoll refuses to wait for.
    source_ = source >= 0 && add(source, kSource) ? source : -1;
    processes_ = std::move(processes);
    running_ = processes_.size();
    for (std::size_t at = 0; at < processes_.size(); ++at) {
        add(processes_[at].get(), kProcesses + at);
    }
    if (duration) {
        const auto seconds = std::chrono::floor<std::chrono::seconds>(*duration);
        itimerspec timer{};
        timer.it_value.tv_sec = seconds.count();
        timer.it_value.tv_nsec = static_cast<long>((*duration - seconds).count());
        ::timerfd_settime(timer_.get(), 0, &timer, nullptr);
    }
    set_busy(true);
}

void Waiting::end_run() {
    if (source_ >= 0) {
        remove(std::exchange(source_, -1));
    }
    for (const UniqueFd& process : processes_) {
        remove(process.get());
    }
    processes_.clear();
    running_ = 0;
    const itimerspec none{};
    ::timerfd_settime(timer_.get(), 0, &none, nullptr);
    clear_event(stop_event_.get());
    set_busy(false);
}

void Waiting::set_busy(bool busy) {
    if (busy != std::exchange(is_busy_, busy)) {
        busy ? signal_event(busy_event_.get()) : clear_event(busy_event_.get());
    }
}

void Waiting::wait(Milliseconds timeout) {
    std::array<epoll_event, 16> ready{};
    const int count =
        ::epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()), as_timeout(timeout));
    for (int at = 0; at < count; ++at) {
        on_ready(ready[static_cast<std::size_t>(at)].data.u64);
    }
}

void Waiting::on_ready(std::uint64_t tag) {
    if (tag == kTimer) {
        is_over_ = true;
    } else if (tag >= kProcesses) {
        UniqueFd& process = processes_[tag - kProcesses];
        remove(process.get());
        process.reset();
        is_over_ = --running_ == 0 || is_over_;
    }
}

void Waiting::request_stop() {
    const int error = errno;  // a signal handler leaves it alone
    stop_.store(true, std::memory_order_release);
    signal_event(stop_event_.get());
    errno = error;
}

/// True when `fd` is ready.
bool Waiting::poll_with_stop(int fd, short events, Milliseconds timeout) const {
    std::array<pollfd, 2> descriptors{{{.fd = fd, .events = events, .revents = 0},
                                       {.fd = stop_event_.get(), .events = POLLIN, .revents = 0}}};
    // Once a stop was requested, its descriptor is ready for good.
    const nfds_t count = is_stop_requested() ? 1 : descriptors.size();
    return ::poll(descriptors.data(), count, as_timeout(timeout)) > 0 && descriptors[0].revents != 0;
}

bool Waiting::await_readable(int fd) {
    while (!is_stop_requested()) {
        if (poll_with_stop(fd, POLLIN, kLong)) {
            return true;
        }
    }
    return false;
}

bool Waiting::await_writable(int fd) {
    while (true) {
        Milliseconds timeout = kLong;
        if (is_stop_requested()) {
            give_up_ = give_up_.value_or(Clock::now() + kLastWait);
            timeout = std::chrono::ceil<Milliseconds>(*give_up_ - Clock::now());
            if (timeout <= Milliseconds(0)) {
                return false;
            }
        }
        if (poll_with_stop(fd, POLLOUT, timeout)) {
            return true;
        }
    }
}

bool Waiting::pause(Milliseconds time) {
    if (!is_stop_requested()) {
        poll_with_stop(-1, 0, time);
    }
    return !is_stop_requested();
}

}  // namespace sslsniff::api
