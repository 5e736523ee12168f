#include "app/app.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <ranges>
#include <string_view>
#include <utility>
#include <vector>

#include "app/announced_source.h"
#include "app/options.h"
#include "app/parse_options.h"
#include "app/privileges.h"
#include "app/readiness.h"
#include "app/reading_progress.h"
#include "app/subcommands.h"
#include "base/text.h"
#include "engine/command_runner.h"
#include "engine/live_session.h"
#include "engine/messages.h"
#include "engine/output_formats.h"
#include "engine/pipeline.h"
#include "engine/recording.h"
#include "engine/run_loop.h"
#include "engine/signals.h"
#include "engine/supervisor.h"
#include "engine/targets.h"
#include "output/text/summary_text.h"

namespace sslsniff {
namespace {

/// Ends the outputs, tells what went wrong with them, and prints the summary; after a failure only if there
/// was something before it. False when an output failed.
bool conclude(Pipeline& pipeline, bool failed) {
    const auto failures = pipeline.finish();
    if (pipeline.undecided() > 0) {
        say(
            fmt::format("the filter could not judge {} connections, because their sockets were not found: "
                        "they were left out",
                        pipeline.undecided()));
    }
    if (const std::string sentence = pipeline.undecoded_tls(); !sentence.empty()) {
        say(sentence);
    }
    if (pipeline.unsaved_bodies() > 0) {
        say(fmt::format("{} not saved: --max-saved was reached",
                        pipeline.unsaved_bodies() == 1
                            ? "1 body was"
                            : fmt::format("{} bodies were", pipeline.unsaved_bodies())));
    }
    if (!failed || pipeline.summary().connections > 0) {
        tell(summary_text(pipeline.summary()));
    }
    for (const auto& failure : failures) {
        say(failure);
    }
    return failures.empty();
}

/// What a program reads from our standard output: nothing else may come between. NULL when there is none.
const OutputSpec* output_for_programs(const Options& options) {
    const auto found = std::ranges::find_if(options.pipeline.outputs, [](const OutputSpec& output) {
        return output.to_stdout() && !find_output_format(output.format)->for_people;
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

Result<Recording> open_input(const Options& options, Patience& patience) {
    const Signals::Interruptible interruptible;  // it may wait for a writer
    return open_recording(options.read_path, patience);
}

Result<int> replay(const Options& options) {
    auto signals = Signals::take();
    if (!signals) {
        return std::unexpected(signals.error());
    }
    Supervisor supervisor(*signals);
    auto recording = open_input(options, supervisor);
    if (!recording) {
        return std::unexpected(recording.error());
    }
    auto created = Pipeline::create(options.pipeline, supervisor);
    if (!created) {
        return std::unexpected(created.error());
    }
    Pipeline& pipeline = **created;
    pipeline.protect(recording->status, "the input");
    auto opened = pipeline.check();
    if (opened) {
        opened = pipeline.open();
    }
    if (!opened) {
        return std::unexpected(opened.error());
    }
    // What is not open by now does not need to be; and what is read was written by strangers.
    const bool creates_files = options.pipeline.rotation.any() || !options.pipeline.save_bodies.empty();
    if (auto dropped = drop_privileges(sudo_caller(), creates_files); !dropped) {
        return std::unexpected(dropped.error());
    }
    pipeline.set_source(*recording->source);
    StopConditions conditions;
    conditions.duration = options.duration;
    supervisor.start(std::move(conditions));
    std::optional<ReadingProgress> progress;
    if (ReadingProgress::is_of_use(options, recording->status)) {
        progress.emplace(*recording->source, std::move(recording->file),
                         static_cast<std::uint64_t>(recording->status.st_size));
    }
    EventSource& source = progress ? *progress : *recording->source;
    const auto reason = run_loop(source, pipeline, supervisor);
    progress.reset();
    // An unreadable rest does not make what was read before it worthless.
    const bool concluded = conclude(pipeline, !reason);
    for (const std::string& remark : recording->source->remarks()) {
        say(remark);
    }
    if (!reason) {
        return std::unexpected(reason.error());
    }
    return concluded ? 0 : kFailure;
}

/// A live capture from attaching to the summary.
class Capture {
  public:
    Capture(const Options& options, Signals& signals)
        : options_(options), signals_(signals), supervisor_(signals) {}

    Result<int> run() {
        auto prepared = prepare();
        if (!prepared) {
            return std::unexpected(prepared.error());
        }
        if (command_) {
            if (const auto failure = command_->release()) {
                return say(failure->message, failure->exit_status);
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
        auto watched = watch_processes(options_.capture);
        if (!watched) {
            return std::unexpected(watched.error());
        }
        StopConditions conditions;
        conditions.processes = *std::move(watched);
        conditions.duration = options_.duration;
        auto pipeline = Pipeline::create(options_.pipeline, supervisor_);
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
                say(fmt::format(
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
        supervisor_.start(std::move(conditions));
        pipeline_->set_source(live_->source());
        if (!options_.quiet) {
            announced_.emplace(*live_);
            announced_->announce_start();
        }
        if (!command_) {  // a command may notify of its own readiness
            notify_ready();
        }
        return {};
    }

    Result<std::unique_ptr<LiveSession>> attach(std::optional<pid_t> child) {
        const Signals::Interruptible interruptible;  // the kernel takes away what was attached
        return LiveSession::open(options_.capture, child);
    }

    EventSource& source() { return announced_ ? *announced_ : live_->source(); }

    /// False when an output failed.
    Result<bool> capture() {
        const auto reason = run_loop(source(), *pipeline_, supervisor_);
        // Whatever went wrong, the host comes first and what was captured second.
        auto stopped = live_->stop();
        auto drained = pipeline_->can_write() ? drain(source(), *pipeline_) : Result<void>();
        const bool concluded = conclude(*pipeline_, !reason);
        // As late as can be: those that are about to end, too, are no daemons.
        const auto left = command_ && !options_.quiet ? live_->running() : std::vector<std::string>();
        if (!left.empty()) {
            say(in_background(options_.capture.command.front(), left));
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
    Supervisor supervisor_;
    std::unique_ptr<Pipeline> pipeline_;
    std::optional<CommandRunner> command_;
    std::unique_ptr<LiveSession> live_;
    std::optional<AnnouncedSource> announced_;  ///< unless --quiet
};

Result<int> capture(const Options& options) {
    auto signals = Signals::take();
    if (!signals) {
        return std::unexpected(signals.error());
    }
    return Capture(options, *signals).run();
}

}  // namespace

int run(std::span<const std::string> arguments) {
    occupy_standard_descriptors();
    if (const auto status = run_subcommand(arguments)) {
        return *status;
    }
    const auto invocation = parse_options(arguments);
    if (!invocation) {
        return say(invocation.error().message, kWrongUsage);
    }
    if (const auto* information = std::get_if<Information>(&*invocation)) {
        return answer(information->text);
    }
    const auto& options = std::get<Options>(*invocation);
    for (const auto& hint : options.hints) {
        say(hint);
    }
    const auto status = options.live() ? capture(options) : replay(options);
    if (!status) {
        return say(status.error().message, kFailure);
    }
    return *status;
}

}  // namespace sslsniff
