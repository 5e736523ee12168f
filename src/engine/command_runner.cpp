#include "engine/command_runner.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "base/system_error.h"
#include "base/text.h"
#include "engine/descriptors.h"

namespace sslsniff {
namespace {

constexpr int kNotRunnable = 126;
constexpr int kNotFound = 127;
constexpr int kSignalBase = 128;

struct Pipe {
    UniqueFd read;
    UniqueFd write;
};

Result<Pipe> make_pipe() {
    int fds[2] = {-1, -1};
    if (::pipe2(fds, O_CLOEXEC) != 0) {
        return fail(fmt::format("cannot create a pipe: {}", error_text(errno)));
    }
    return Pipe{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

/// The child's part, after fork: only async-signal-safe calls.
[[noreturn]] void run_child(int go, int failure, int output, char* const* argv, const Signals& signals) {
    char byte = 0;
    ssize_t n = 0;
    do {
        n = ::read(go, &byte, 1);
    } while (n < 0 && errno == EINTR);
    if (n != 1) {
        ::_exit(kNotFound);  // cancelled
    }
    if (output != STDOUT_FILENO) {
        ::dup2(output, STDOUT_FILENO);
    }
    signals.restore_inherited();
    ::execvp(argv[0], argv);
    const int error = errno;
    // Nothing can be done when even this write fails: the exit status still tells.
    [[maybe_unused]] const ssize_t written = ::write(failure, &error, sizeof error);
    ::_exit(error == ENOENT ? kNotFound : kNotRunnable);
}

}  // namespace

Result<CommandRunner> CommandRunner::fork_held(std::span<const std::string> command, const Signals& signals,
                                               int output) {
    auto go = make_pipe();
    auto failure = make_pipe();
    if (!go || !failure) {
        return std::unexpected((go ? failure : go).error());
    }
    // execvp wants mutable words; they are copied before the fork because the child must not allocate.
    std::vector<std::string> words(command.begin(), command.end());
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (auto& word : words) {
        argv.push_back(word.data());
    }
    argv.push_back(nullptr);

    const pid_t pid = ::fork();
    if (pid < 0) {
        return fail(fmt::format("cannot start a process: {}", error_text(errno)));
    }
    if (pid == 0) {
        // Its own copy of the writing end would keep the pipe open should we die.
        ::close(go->write.get());
        run_child(go->read.get(), failure->write.get(), output, argv.data(), signals);
    }
    auto pidfd = open_pidfd(pid);
    if (!pidfd) {
        return std::unexpected(pidfd.error());
    }
    return CommandRunner(pid, *std::move(pidfd), std::move(go->write), std::move(failure->read), words[0]);
}

CommandRunner::CommandRunner(pid_t pid, UniqueFd pidfd, UniqueFd go, UniqueFd failure, std::string name)
    : pid_(pid),
      pidfd_(std::move(pidfd)),
      go_(std::move(go)),
      failure_(std::move(failure)),
      name_(std::move(name)) {}

CommandRunner::CommandRunner(CommandRunner&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      go_(std::move(other.go_)),
      failure_(std::move(other.failure_)),
      name_(std::move(other.name_)),
      pass_(std::move(other.pass_)) {}

CommandRunner::~CommandRunner() {
    if (pid_ > 0 && go_) {
        go_.reset();
        wait();
    }
}

std::optional<CommandRunner::ExecFailure> CommandRunner::release() {
    const char byte = 1;
    [[maybe_unused]] const ssize_t written = ::write(go_.get(), &byte, 1);
    go_.reset();
    int error = 0;
    ssize_t n = 0;
    do {
        n = ::read(failure_.get(), &error, sizeof error);
    } while (n < 0 && errno == EINTR);
    failure_.reset();
    if (n != sizeof error) {
        return std::nullopt;  // closed by exec
    }
    return ExecFailure{fmt::format("cannot run {}: {}", printable(name_), error_text(error)),
                       error == ENOENT ? kNotFound : kNotRunnable};
}

int CommandRunner::wait() {
    int status = 0;
    pid_t waited = 0;
    do {
        waited = ::waitpid(pid_, &status, 0);
    } while (waited < 0 && errno == EINTR);
    pid_ = -1;
    return WIFSIGNALED(status) ? kSignalBase + WTERMSIG(status) : WEXITSTATUS(status);
}

void CommandRunner::send_signal(int signal) const {
    if (pass_) {
        pass_(signal);
    } else {
        ::syscall(SYS_pidfd_send_signal, pidfd_.get(), signal, nullptr, 0);
    }
}

}  // namespace sslsniff
