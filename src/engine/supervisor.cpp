#include "engine/supervisor.h"

#include <poll.h>

#include <algorithm>
#include <utility>

namespace sslsniff {
namespace {

using std::chrono::milliseconds;

/// How long readers have to take the rest.
constexpr milliseconds kLastWait{500};
/// How long a command, which the hang-up reached as well, may take to end by itself.
constexpr milliseconds kCommandWait{1000};
constexpr milliseconds kLong{1000};

}  // namespace

void Supervisor::start(StopConditions conditions) {
    conditions_ = std::move(conditions);
    watches_command_ = conditions_.command != nullptr;
    if (conditions_.duration) {
        deadline_ = Clock::now() + *conditions_.duration;
    }
}

void Supervisor::watch(int source, milliseconds timeout) {
    poll(source, POLLIN, timeout, true);
    if (!stop_ && deadline_ && Clock::now() >= *deadline_) {
        stop_ = hung_up_at_ ? StopReason::hang_up : StopReason::duration;
    }
}

/// True when `fd` is ready. `controls`: whoever asks at the control port is a reason, too.
bool Supervisor::poll(int fd, short events, milliseconds timeout, bool controls) {
    if (service_ != nullptr) {
        service_->beat();
    }
    const int terminal = signals_ != nullptr && signals_->takes_hangup() ? terminal_.fd() : -1;
    std::vector<pollfd> descriptors{
        {fd, events, 0}, {signals_ != nullptr ? signals_->fd() : -1, POLLIN, 0}, {terminal, 0, 0}};
    descriptors.push_back({watches_command_ ? conditions_.command->pidfd() : -1, POLLIN, 0});
    const std::size_t fixed = descriptors.size();
    for (const auto& process : conditions_.processes) {
        descriptors.push_back({process.get(), POLLIN, 0});
    }
    if (controls && control_ != nullptr) {
        for (const int asker : control_->descriptors()) {
            descriptors.push_back({asker, POLLIN, 0});
        }
    }
    if (::poll(descriptors.data(), descriptors.size(), static_cast<int>(until_due(timeout).count())) <= 0) {
        return false;
    }
    if (descriptors[2].revents != 0) {
        on_hang_up();
    }
    if (watches_command_ && descriptors[3].revents != 0) {
        watches_command_ = false;
        if (forwarded_ || interrupted_) {
            end(StopReason::processes_ended);
        }
        stop_ = stop_.value_or(StopReason::processes_ended);
    }
    if (!conditions_.processes.empty()) {
        auto index = descriptors.begin() + static_cast<std::ptrdiff_t>(fixed);
        std::erase_if(conditions_.processes, [&](const UniqueFd&) { return index++->revents != 0; });
        if (conditions_.processes.empty()) {
            stop_ = stop_.value_or(StopReason::processes_ended);
        }
    }
    take_signals();
    return descriptors[0].revents != 0;
}

void Supervisor::take_signals() {
    while (signals_ != nullptr) {
        const auto signal = signals_->next();
        if (!signal) {
            return;
        }
        on_signal(*signal);
    }
}

milliseconds Supervisor::until_due(milliseconds timeout) const {
    const auto beat = service_ != nullptr ? service_->due() : std::nullopt;
    for (const auto& due : {stop_ ? std::nullopt : deadline_, give_up_, beat}) {
        if (due) {
            const auto left = std::chrono::ceil<milliseconds>(*due - Clock::now());
            timeout = std::clamp(left, milliseconds(0), timeout);
        }
    }
    return timeout;
}

bool Supervisor::await_readable(int fd) {
    while (!stop_) {
        if (poll(fd, POLLIN, kLong)) {
            return true;
        }
        watch(-1, milliseconds(0));  // the time as well
    }
    return false;
}

bool Supervisor::await_writable(int fd) {
    while (!gave_up()) {
        if (poll(fd, POLLOUT, kLong)) {
            return true;
        }
    }
    return false;
}

bool Supervisor::pause(milliseconds time) {
    if (!stop_) {
        watch(-1, time);
    }
    return !stop_;
}

void Supervisor::request_stop() {
    end(StopReason::signal);
    if (signals_ != nullptr) {
        signals_->give_back();
    }
}

void Supervisor::end(StopReason reason) {
    stop_ = stop_.value_or(reason);
    if (!give_up_) {
        give_up_ = Clock::now() + kLastWait;
    }
}

void Supervisor::on_hang_up() {
    terminal_.forget();
    hung_up_at_ = Clock::now();
    if (!watches_command_) {
        end(StopReason::hang_up);
        return;
    }
    const auto latest = Clock::now() + kCommandWait;
    deadline_ = deadline_ ? std::min(*deadline_, latest) : latest;
    give_up_ = latest + kLastWait;
}

void Supervisor::on_signal(const Signals::Received& signal) {
    switch (signal.number) {
        case SIGUSR1:
            totals_ = true;
            return;
        case SIGHUP:
            if (signal.from_kernel || terminal_.has_hung_up()) {
                on_hang_up();
            } else {
                reopen_ = true;
            }
            return;
        case SIGUSR2:
        case SIGALRM:
        case SIGXCPU:
            end(StopReason::signal);
            return;
        case SIGINT:
            if (signal.from_kernel) {
                notices_.interrupted();
            }
            break;
        default:
            break;
    }
    if (!watches_command_) {
        request_stop();
        return;
    }
    if (signal.from_kernel) {
        interrupted_ = true;
        return;  // the command got it as well and decides what becomes of it
    }
    if (std::exchange(forwarded_, true)) {
        signals_->give_back();  // this is the second: do not wait for the command any longer
        ::raise(signal.number);
    }
    conditions_.command->send_signal(signal.number);
}

}  // namespace sslsniff
