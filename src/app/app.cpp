#include "app/app.h"

#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "app/announced_source.h"
#include "app/command_runner.h"
#include "app/live_session.h"
#include "app/messages.h"
#include "app/options.h"
#include "app/pipeline.h"
#include "app/readiness.h"
#include "app/recording.h"
#include "app/run_loop.h"
#include "app/signals.h"
#include "app/subcommands.h"
#include "app/targets.h"
#include "output/text/summary_text.h"

namespace sslsniff {
namespace {

/// Ends the outputs and prints the summary; after a failure only if there was something before it.
Result<void> conclude(Pipeline& pipeline, bool failed) {
    auto summary = pipeline.finish();
    if (!summary) {
        return std::unexpected(summary.error());
    }
    if (pipeline.undecided() > 0) {
        say(fmt::format("the filter could not judge {} connections whose socket was not found: left out",
                        pipeline.undecided()));
    }
    if (!failed || summary->connections > 0) {
        fmt::print(stderr, "{}", summary_text(*summary));
    }
    return {};
}

Result<int> replay(const Options& options) {
    auto signals = Signals::take();
    if (!signals) {
        return std::unexpected(signals.error());
    }
    auto source = open_recording(options.read_path);
    if (!source) {
        return std::unexpected(source.error());
    }
    auto pipeline = Pipeline::create(options);
    if (!pipeline) {
        return std::unexpected(pipeline.error());
    }
    (*pipeline)->set_source(**source);
    StopConditions conditions;
    conditions.duration = options.duration;
    const auto reason = run_loop(**source, **pipeline, *signals, std::move(conditions));
    // An unreadable rest does not make what was read before it worthless.
    auto concluded = conclude(**pipeline, !reason);
    if (!reason) {
        return std::unexpected(reason.error());
    }
    if (!concluded) {
        return std::unexpected(concluded.error());
    }
    return 0;
}

/// A live capture from attaching to the summary.
class Capture {
  public:
    Capture(const Options& options, Signals& signals) : options_(options), signals_(signals) {}

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
        auto captured = capture();
        if (!captured) {
            return std::unexpected(captured.error());
        }
        if (!command_) {
            return 0;
        }
        signals_.give_back();
        return command_->wait();
    }

  private:
    /// Everything up to the moment when events flow.
    Result<void> prepare() {
        auto watched = watch_processes(options_);
        if (!watched) {
            return std::unexpected(watched.error());
        }
        conditions_.processes = *std::move(watched);
        conditions_.duration = options_.duration;
        auto pipeline = Pipeline::create(options_);
        if (!pipeline) {
            return std::unexpected(pipeline.error());
        }
        pipeline_ = *std::move(pipeline);
        std::optional<pid_t> child;
        if (!options_.command.empty()) {
            auto command = CommandRunner::fork_held(options_.command, signals_);
            if (!command) {
                return std::unexpected(command.error());
            }
            command_.emplace(*std::move(command));
            conditions_.command = &*command_;
            child = command_->pid();
        }
        auto live = LiveSession::open(options_, child);
        if (!live) {
            return std::unexpected(live.error());
        }
        live_ = *std::move(live);
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

    EventSource& source() { return announced_ ? *announced_ : live_->source(); }

    Result<void> capture() {
        const auto reason = run_loop(source(), *pipeline_, signals_, std::move(conditions_));
        // Whatever went wrong, the host comes first and what was captured second.
        auto stopped = live_->stop();
        auto drained = drain(source(), *pipeline_);
        auto concluded = conclude(*pipeline_, !reason);
        if (!reason) {
            return std::unexpected(reason.error());
        }
        for (auto* result : {&stopped, &drained, &concluded}) {
            if (!*result) {
                return *result;
            }
        }
        return {};
    }

    const Options& options_;
    Signals& signals_;
    StopConditions conditions_;
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
    if (const auto status = run_subcommand(arguments)) {
        return *status;
    }
    const auto invocation = parse_options(arguments);
    if (!invocation) {
        return say(invocation.error().message, kWrongUsage);
    }
    if (const auto* information = std::get_if<Information>(&*invocation)) {
        fmt::print("{}", information->text);
        return 0;
    }
    const auto& options = std::get<Options>(*invocation);
    const auto status = options.live() ? capture(options) : replay(options);
    if (!status) {
        return say(status.error().message, kFailure);
    }
    return *status;
}

}  // namespace sslsniff
