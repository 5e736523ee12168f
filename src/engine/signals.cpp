#include "engine/signals.h"

#include <fmt/format.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/system_error.h"

namespace sslsniff {
namespace {

Error system_error(const char* what) {
    return {fmt::format("{}: {}", what, error_text(errno))};
}

/// What the user ends a program by.
constexpr std::array kEnding{SIGINT, SIGTERM, SIGQUIT};
constexpr std::array kOthers{SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU};

constexpr struct sigaction kStandard{};  // SIG_DFL

sigset_t ending_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : kEnding) {
        sigaddset(&set, signal);
    }
    return set;
}

bool is_ignored(int signal) {
    struct sigaction action{};
    return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

Result<Signals> Signals::take() {
    sigset_t taken = ending_signals();
    for (const int signal : kOthers) {
        sigaddset(&taken, signal);
    }
    if (!is_ignored(SIGHUP)) {
        sigaddset(&taken, SIGHUP);
    }
    UniqueFd fd(::signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd) {
        return std::unexpected(system_error("cannot create a signal descriptor"));
    }
    sigset_t mask;
    if (::sigprocmask(SIG_BLOCK, &taken, &mask) != 0) {
        return std::unexpected(system_error("cannot take over signals"));
    }
    return Signals(taken, mask, std::move(fd));
}

Signals::Signals(const sigset_t& taken, const sigset_t& mask, UniqueFd fd)
    : taken_(taken), inherited_mask_(mask), fd_(std::move(fd)) {
    struct sigaction ignore{};
    ignore.sa_handler = SIG_IGN;
    // Neither call can fail: signals and pointers are valid.
    ::sigaction(SIGPIPE, &ignore, &inherited_pipe_);
    ::sigaction(SIGXFSZ, &ignore, &inherited_file_size_);
}

Signals::Signals(Signals&& other) noexcept = default;

Signals::~Signals() {
    if (fd_) {  // not moved from
        restore_inherited();
    }
}

std::optional<Signals::Received> Signals::next() {
    signalfd_siginfo info{};
    if (::read(fd_.get(), &info, sizeof info) != sizeof info) {
        return std::nullopt;
    }
    return Received{static_cast<int>(info.ssi_signo), info.ssi_code == SI_KERNEL};
}

void Signals::give_back() {
    for (const int signal : kEnding) {
        ::sigaction(signal, &kStandard, nullptr);
    }
    const sigset_t ending = ending_signals();
    ::sigprocmask(SIG_UNBLOCK, &ending, nullptr);  // the others stay blocked
}

Signals::Interruptible::Interruptible() {
    for (std::size_t i = 0; i < kEnding.size(); ++i) {
        ::sigaction(kEnding[i], &kStandard, &inherited_[i]);
    }
    const sigset_t ending = ending_signals();
    ::sigprocmask(SIG_UNBLOCK, &ending, nullptr);
}

Signals::Interruptible::~Interruptible() {
    const sigset_t ending = ending_signals();
    ::sigprocmask(SIG_BLOCK, &ending, nullptr);
    for (std::size_t i = 0; i < kEnding.size(); ++i) {
        ::sigaction(kEnding[i], &inherited_[i], nullptr);
    }
}

void Signals::restore_inherited() const {
    ::sigaction(SIGPIPE, &inherited_pipe_, nullptr);
    ::sigaction(SIGXFSZ, &inherited_file_size_, nullptr);
    ::sigprocmask(SIG_SETMASK, &inherited_mask_, nullptr);
}

}  // namespace sslsniff
