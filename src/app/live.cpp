#include "app/live.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

#include "app/announced_source.h"
#include "app/conclusion.h"
#include "app/control_setup.h"
#include "base/text.h"
#include "engine/capture_control.h"
#include "engine/command_runner.h"
#include "engine/live_session.h"
#include "engine/pipeline.h"
#include "engine/run_loop.h"
#include "engine/service_manager.h"
#include "engine/signals.h"
#include "engine/supervisor.h"
#include "engine/targets.h"
#include "output/output_formats.h"
#include "separation/reader_user.h"
#include "separation/remote_session.h"
#include "separation/separation.h"

namespace sslsniff {
namespace {

/// What a program reads from our standard output: nothing else may come between. NULL when there is none.
const OutputSpec* output_for_programs(const Options& options) {
    const auto found = std::ranges::find_if(options.pipeline.outputs, [](const OutputSpec& output) {
        return output.to_stdout() && find_output_format(output.format)->kind == OutputFormat::Kind::programs;
    });
    return found != options.pipeline.outputs.end() ? &*found : nullptr;
}

/// Of a command that has ended while processes that it started, daemons for instance, run on.
std::string in_background(const std::string& command, const std::vector<std::string>& processes) {
    constexpr std::size_t kShown = 6;
    const std::size_t more = processes.size() - std::min(processes.size(), kShown);
    return fmt::format(
        "{} has ended; what it started still runs in the background and is no longer captured: {}{}; capture "
        "it with -p PID, or have the command stay in the foreground",
        printable(command), fmt::join(processes | std::views::take(kShown), ", "),
        more > 0 ? fmt::format(" and {} more", more) : "");
}

class Capture {
  public:
    Capture(const Options& options, Signals& signals, Messages& messages)
        : options_(options),
          signals_(signals),
          messages_(messages),
          // A command may notify of its own readiness.
          service_(options.capture.command.empty() ? ServiceManager::from_environment() : std::nullopt),
          supervisor_(messages, &signals, service_ ? &*service_ : nullptr) {}

    Result<int> run() {
        auto attacher = separation::start_attacher(&options_.capture, sudo_caller());
        if (!attacher) {
            return std::unexpected(attacher.error());
        }
        attacher_ = *std::move(attacher);
        auto prepared = prepare();
        if (!prepared) {
            return std::unexpected(prepared.error());
        }
        if (command_) {
            if (const auto failure = command_->release()) {
                return messages_.fail(failure->message, failure->exit_status);
            }
        }
        const auto captured = capture();
        if (!captured) {
            return std::unexpected(captured.error());
        }
        if (!command_ || !*captured) {
            return *captured ? 0 : kFailure;
        }
        signals_.give_back();
        return command_->wait();
    }

  private:
    /// Everything up to the moment when events flow. The file system is changed last, when nothing else can
    /// fail.
    Result<void> prepare() {
        if (auto dropped = separation::drop_capabilities_unless_root(); !dropped) {
            return dropped;
        }
        const auto user = find_reader_user(options_.reader_user);
        if (!user) {
            return std::unexpected(user.error());
        }
        auto watched = watch_processes(options_.capture);
        if (!watched) {
            return std::unexpected(watched.error());
        }
        StopConditions conditions;
        conditions.processes = *std::move(watched);
        conditions.duration = options_.duration;
        PipelineOptions piped = options_.pipeline;
        piped.threads = options_.threads;
        auto pipeline = Pipeline::create(piped, supervisor_);
        if (!pipeline) {
            return std::unexpected(pipeline.error());
        }
        pipeline_ = *std::move(pipeline);
        if (auto checked = pipeline_->check(); !checked) {
            return checked;
        }
        std::optional<pid_t> child;
        if (!options_.capture.command.empty()) {
            const auto* taken = output_for_programs(options_);
            if (taken != nullptr) {
                messages_.say(fmt::format(
                    "the output of the command goes to standard error: standard output carries {}",
                    taken->format));
            }
            auto command = CommandRunner::fork_held(options_.capture.command, signals_,
                                                    taken != nullptr ? STDERR_FILENO : STDOUT_FILENO);
            if (!command) {
                return std::unexpected(command.error());
            }
            command_.emplace(*std::move(command));
            conditions.command = &*command_;
            child = command_->pid();
        }
        auto live = attach(child);
        if (!live) {
            return std::unexpected(live.error());
        }
        live_ = *std::move(live);
        if (auto opened = pipeline_->open(); !opened) {
            return opened;
        }
        auto socket = open_control(options_, *attacher_);
        if (!socket) {
            return std::unexpected(socket.error());
        }
        if (auto given = separation::give_up_privileges(attacher_.get(), pipeline_->files(),
                                                        options_.has_output(kTopFormat), *user);
            !given) {
            return given;
        }
        if (command_) {
            command_->pass_signals_by(
                [link = attacher_.get()](int signal) { link->send(separation::ask::SignalCommand{signal}); });
        }
        pipeline_->start_threads();  // behind the sandbox, which they inherit
        supervisor_.start(std::move(conditions));
        pipeline_->set_source(live_->source());
        if (!options_.quiet) {
            announced_.emplace(*live_, messages_);
            announced_->announce_start();
        }
        if (*socket) {
            control_.emplace(*std::move(socket),
                             CaptureControl::Capture{.pipeline = *pipeline_,
                                                     .session = *live_,
                                                     .source = source(),
                                                     .command_line = options_.command_line});
            supervisor_.set_control(*control_);
        }
        if (service_) {
            service_->ready();
        }
        return {};
    }

    Result<std::unique_ptr<LiveSession>> attach(std::optional<pid_t> child) {
        const Signals::Interruptible interruptible;  // the kernel takes away what was attached
        return separation::open_remote_session(*attacher_, options_.capture, child);
    }

    EventSource& source() { return announced_ ? *announced_ : live_->source(); }

    /// False when an output failed.
    Result<bool> capture() {
        const auto reason = run_loop(source(), *pipeline_, supervisor_, messages_);
        // Whatever went wrong, the host comes first and what was captured second.
        auto stopped = live_->stop();
        auto drained = pipeline_->can_write() ? drain(source(), *pipeline_) : Result<void>();
        const bool concluded = conclude(*pipeline_, !reason, messages_);
        // As late as can be: those that are about to end, too, are no daemons.
        const auto left = command_ && !options_.quiet ? live_->running() : std::vector<std::string>();
        if (!left.empty()) {
            messages_.say(in_background(options_.capture.command.front(), left));
        }
        if (!reason) {
            return std::unexpected(reason.error());
        }
        for (const auto& result : {stopped, drained}) {
            if (!result) {
                return std::unexpected(result.error());
            }
        }
        return concluded;
    }

    const Options& options_;
    Signals& signals_;
    Messages& messages_;
    std::optional<ServiceManager> service_;
    Supervisor supervisor_;
    std::unique_ptr<separation::AttacherLink> attacher_;  ///< the process with the probes
    std::unique_ptr<Pipeline> pipeline_;
    std::optional<CommandRunner> command_;
    std::unique_ptr<LiveSession> live_;
    std::optional<AnnouncedSource> announced_;  ///< unless --quiet
    std::optional<CaptureControl> control_;     ///< unless there is no socket
};

}  // namespace

Result<int> capture_live(const Options& options, Messages& messages) {
    auto signals = Signals::take();
    if (!signals) {
        return std::unexpected(signals.error());
    }
    return Capture(options, *signals, messages).run();
}

}  // namespace sslsniff
