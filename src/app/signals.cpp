#include "app/signals.h"

#include <fmt/format.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace sslsniff {
namespace {

Error system_error(const char* what) {
    return {fmt::format("{}: {}", what, std::generic_category().message(errno))};
}

bool is_ignored(int signal) {
    struct sigaction action{};
    return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

Result<Signals> Signals::take() {
    sigset_t taken;
    sigemptyset(&taken);
    sigaddset(&taken, SIGINT);
    sigaddset(&taken, SIGTERM);
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
    struct sigaction standard{};
    standard.sa_handler = SIG_DFL;
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        if (sigismember(&taken_, signal) == 1) {
            ::sigaction(signal, &standard, nullptr);
        }
    }
    ::sigprocmask(SIG_UNBLOCK, &taken_, nullptr);
}

void Signals::restore_inherited() const {
    ::sigaction(SIGPIPE, &inherited_pipe_, nullptr);
    ::sigaction(SIGXFSZ, &inherited_file_size_, nullptr);
    ::sigprocmask(SIG_SETMASK, &inherited_mask_, nullptr);
}

}  // namespace sslsniff
