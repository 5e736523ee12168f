#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/signals.h"

namespace sslsniff {

/// A child process that is forked at once but runs its program only when told to, so that a capture can be
/// armed for it first. It shares terminal, process group and, unless told otherwise, standard
/// streams with us.
class CommandRunner {
  public:
    /// Forks. `command` is not empty; its first word is looked up in PATH as a shell does.
    /// The child gets the signal dispositions we inherited. `output` becomes its standard output.
    static Result<CommandRunner> fork_held(std::span<const std::string> command, const Signals& signals,
                                           int output = STDOUT_FILENO);

    CommandRunner(CommandRunner&& other) noexcept;
    CommandRunner& operator=(CommandRunner&& other) = delete;
    CommandRunner(const CommandRunner&) = delete;
    CommandRunner& operator=(const CommandRunner&) = delete;
    /// A child that was never released goes away without having run anything; a running one is left alone.
    ~CommandRunner();

    pid_t pid() const { return pid_; }
    /// Readable once the child has ended.
    int pidfd() const { return pidfd_.get(); }

    struct ExecFailure {
        std::string message;  ///< "cannot run X: No such file or directory"
        int exit_status = 0;  ///< as of a shell: 127 not found, 126 found but not runnable
    };
    /// Lets the child run its program. Returns after the exec, or why there was none.
    std::optional<ExecFailure> release();

    /// Waits for the end of the child: its exit status, or 128 + N when signal N killed it.
    int wait();

    void send_signal(int signal) const;
    /// From now on signals are sent by `pass`: this process may lose the right to.
    void pass_signals_by(std::function<void(int)> pass) { pass_ = std::move(pass); }

  private:
    CommandRunner(pid_t pid, UniqueFd pidfd, UniqueFd go, UniqueFd failure, std::string name);

    pid_t pid_;
    UniqueFd pidfd_;
    UniqueFd go_;       ///< one byte written here starts the program, closing it cancels
    UniqueFd failure_;  ///< the child's errno when exec failed; closed by exec otherwise
    std::string name_;
    std::function<void(int)> pass_;  ///< none: we do
};

}  // namespace sslsniff
