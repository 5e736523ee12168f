#include "api/capture.h"

#include <algorithm>
#include <span>
#include <variant>

#include "api/records.h"
#include "app/named_option.h"
#include "app/parse_options.h"
#include "base/saturating.h"

namespace sslsniff::api {
namespace {

/// What the command line may say and a library has no place for.
Result<Options> library_options(std::span<const std::string> words) {
    auto invocation = parse_options(words, {}, DefaultOutput::none);
    if (!invocation) {
        return std::unexpected(invocation.error());
    }
    auto* options = std::get_if<Options>(&*invocation);
    if (options == nullptr) {
        return fail(ErrorKind::usage, "there is no option to show information");
    }
    if (options->reader_user) {
        return fail(ErrorKind::usage,
                    "'relinquish-privileges' is for a process of its own: the library has the rights of the "
                    "program");
    }
    const auto& outputs = options->pipeline.outputs;
    if (std::ranges::any_of(outputs, &OutputSpec::to_stdout)) {
        return fail(
            ErrorKind::usage,
            "standard output belongs to the program: give 'output' a file, like json:out.jsonl, or set a "
            "callback");
    }
    return std::move(*options);
}

}  // namespace

Result<std::unique_ptr<Capture>> Capture::create() {
    auto waiting = Waiting::create();
    if (!waiting) {
        return std::unexpected(waiting.error());
    }
    std::unique_ptr<Capture> capture(new Capture);
    capture->waiting_ = *std::move(waiting);
    // So that the first word is none that means a command.
    capture->words_.emplace_back("--color=never");
    return capture;
}

Result<void> Capture::set(const std::string& option, const std::optional<std::string>& value) {
    auto word = option_word(option, value);
    if (!word) {
        return std::unexpected(word.error());
    }
    if (*word) {
        words_.push_back(**std::move(word));
    }
    return {};
}

Result<void> Capture::start() {
    run_.reset();
    counted_.clear();
    notice_has_thrown_ = told_thrown_ = false;
    const auto options = library_options(words_);
    if (!options) {
        return std::unexpected(options.error());
    }
    for (const auto& hint : options->hints) {
        say(hint);
    }
    auto run = Run::start(*options, std::make_unique<ApiOutput>(callbacks_, numbers_), *waiting_, *this);
    if (!run) {
        return std::unexpected(run.error());
    }
    run_ = *std::move(run);
    return notice_has_thrown_ ? stop() : Result<void>();
}

/// After an exception nobody knows what state the run is in.
template <class Outcome, class Work>
Outcome Capture::unless_it_breaks(Work work) {
    try {
        return work();
    } catch (...) {
        run_->abandon();
        throw;
    }
}

Result<bool> Capture::poll(std::chrono::milliseconds timeout) {
    return unless_it_breaks<Result<bool>>([&]() -> Result<bool> {
        auto ended = run_->poll(timeout);
        if (!has_thrown() || run_->has_ended()) {
            return ended;
        }
        const auto stopped = run_->stop();
        return stopped ? Result<bool>(true) : std::unexpected(stopped.error());
    });
}

Result<void> Capture::stop() {
    return run_ ? unless_it_breaks<Result<void>>([this] { return run_->stop(); }) : Result<void>();
}

bool Capture::take_thrown() {
    return has_thrown() && !std::exchange(told_thrown_, true);
}

int Capture::state() const {
    if (!run_) {
        return SSLSNIFF_STATE_NEW;
    }
    return run_->has_ended() ? SSLSNIFF_STATE_ENDED : SSLSNIFF_STATE_RUNNING;
}

void Capture::say(std::string_view sentence) {
    if (!callbacks_.notice || notice_has_thrown_) {
        return;
    }
    try {
        callbacks_.notice(std::string(sentence).c_str());
    } catch (...) {
        notice_has_thrown_ = true;
    }
}

sslsniff_statistics Capture::statistics() const {
    sslsniff_statistics statistics{};
    statistics.struct_size = sizeof(statistics);
    statistics.state = static_cast<std::uint32_t>(state());
    statistics.started_ns = statistics.ended_ns = SSLSNIFF_NO_TIME;
    if (!run_) {
        return statistics;
    }
    const Pipeline& pipeline = run_->pipeline();
    const CaptureSummary summary = pipeline.running_summary();
    const ApiOutput::Counts& counts = run_->output().seen();
    const BufferUse buffer = run_->buffer_use().value_or(BufferUse());
    statistics.is_live = run_->is_live() ? 1 : 0;
    statistics.buffer_size = buffer.size;
    statistics.buffer_waiting = buffer.waiting;
    statistics.events = counts.events;
    statistics.data_bytes = counts.data_bytes;
    for (const auto& loss : summary.losses) {
        add_saturating(statistics.lost_events, loss.events);
        add_saturating(statistics.lost_bytes, loss.bytes);
    }
    statistics.transactions = summary.transactions;
    statistics.connections = summary.connections;
    statistics.open_connections = pipeline.open_connections();
    statistics.unbound_connections = summary.unbound_connections;
    statistics.processes = summary.processes;
    statistics.bytes_sent = summary.bytes_sent;
    statistics.bytes_received = summary.bytes_received;
    statistics.missing_bytes = summary.missing_bytes;
    statistics.memory_held = pipeline.held();
    statistics.memory_limit = run_->max_memory();
    if (counts.events > 0) {
        statistics.started_ns = nanoseconds(summary.started);
        statistics.ended_ns = nanoseconds(summary.ended);
    }
    return statistics;
}

const Counted& Capture::losses() {
    counted_.clear();
    if (run_) {
        for (const auto& loss : run_->pipeline().running_summary().losses) {
            counted_.push_back({literal(to_string(loss.cause)), loss.events, loss.bytes});
        }
    }
    return counted_;
}

const Counted& Capture::protocols() {
    counted_.clear();
    if (run_) {
        for (const auto& [name, count] : run_->output().seen().protocols) {
            counted_.push_back({name.c_str(), count.transactions, count.bytes});
        }
    }
    return counted_;
}

}  // namespace sslsniff::api
