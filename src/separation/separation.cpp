#include "separation/separation.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "base/system_error.h"
#include "separation/attacher_server.h"
#include "separation/capabilities.h"
#include "separation/channel.h"
#include "separation/sandbox.h"

namespace sslsniff::separation {
namespace {

/// What the reader's process is told does not concern this one, which ends after it. SIGTSTP and SIGCONT do:
/// a job stops as a whole.
void ignore_signals() {
    for (const int signal : {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGPIPE, SIGXFSZ}) {
        ::signal(signal, SIG_IGN);
    }
}

/// Whoever reads our output must see its end when the reader ends.
void leave_standard_streams() {
    const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (nothing >= 0) {
            ::dup2(nothing, fd);
        }
    }
    if (nothing > STDERR_FILENO) {
        ::close(nothing);
    }
}

[[noreturn]] void serve(Channel channel, const CaptureOptions* options, std::optional<FileOwner> owner,
                        pid_t reader) {
    ::prctl(PR_SET_NAME, kAttacherName, 0, 0, 0);
    ignore_signals();
    leave_standard_streams();
    {
        AttacherServer server(std::move(channel), options, owner, reader);
        server.run();
    }
    ::_exit(0);  // what our parent has in its buffers is not ours to write
}

}  // namespace

Result<std::unique_ptr<AttacherLink>> start_attacher(const CaptureOptions* options,
                                                     std::optional<FileOwner> owner) {
    auto ends = Channel::make_pair();
    if (!ends) {
        return std::unexpected(ends.error());
    }
    const pid_t reader = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) {
        return fail(fmt::format("cannot start a process: {}", error_text(errno)));
    }
    if (child == 0) {
        ends->first.close();
        serve(std::move(ends->second), options, owner, reader);
    }
    return std::make_unique<AttacherLink>(std::move(ends->first), child);
}

Result<void> drop_capabilities_unless_root() {
    return ::geteuid() == 0 ? Result<void>() : drop_capabilities();
}

Result<void> give_up_privileges(AttacherLink* link, FileRules& rules, bool new_files, const FileOwner& user) {
    if (link != nullptr) {
        for (const OutputRow& row : rules.rows()) {
            link->send(ask::GrantRow{row});
        }
        for (const int folder : rules.folders()) {
            link->send(ask::GrantFolder(), folder);
        }
        for (const auto& [file, name] : rules.claims()) {
            link->send(ask::GrantClaim{file, name});
        }
        if (new_files) {
            link->send(ask::GrantNewFiles());
        }
        const auto sealed = link->ask(ask::Seal());
        if (!sealed || !sealed->done) {
            return sealed ? sealed->result() : std::unexpected(link->failure());
        }
        rules.hand_over(*link);
    }
    return enter_sandbox(user);
}

}  // namespace sslsniff::separation
