#include "api/run.h"

#include <string>
#include <utility>
#include <vector>

#include "app/conclusion.h"
#include "engine/run_loop.h"
#include "engine/targets.h"

namespace sslsniff::api {
namespace {

using Clock = std::chrono::steady_clock;

/// Longest time for which one call keeps its caller, when there is always more to do.
constexpr std::chrono::milliseconds kTurn{10};
/// Longest time a busy capture keeps finished output to itself.
constexpr std::chrono::milliseconds kFlushInterval{100};

/// Hands on what is said, and remembers the last sentence.
class Listener final : public Notices {
  public:
    explicit Listener(Notices& notices) : notices_(notices) {}
    void say(std::string_view sentence) override {
        last_ = sentence;
        notices_.say(sentence);
    }
    const std::string& last() const { return last_; }

  private:
    Notices& notices_;
    std::string last_;
};

}  // namespace

Result<std::unique_ptr<Run>> Run::start(const Options& options, std::unique_ptr<ApiOutput> output,
                                        Waiting& waiting, Notices& notices) {
    std::unique_ptr<Run> run(new Run(options, *output, waiting, notices));
    waiting.begin_run();
    Pipeline::Outputs outputs;
    outputs.push_back(std::move(output));
    auto pipeline = Pipeline::create(options.pipeline, waiting, std::move(outputs));
    if (!pipeline) {
        return std::unexpected(pipeline.error());
    }
    run->pipeline_ = *std::move(pipeline);
    if (auto opened = run->open(options); !opened) {
        return std::unexpected(opened.error());
    }
    return run;
}

Run::~Run() {
    waiting_.end_run();
}

/// As of the program: files are created last, when nothing else can fail.
Result<void> Run::open(const Options& options) {
    auto processes = watch_processes(options.capture);
    if (!processes) {
        return std::unexpected(processes.error());
    }
    if (!options.live()) {
        auto recording = open_recording(options.read_path, waiting_);
        if (!recording) {
            return std::unexpected(recording.error());
        }
        recording_ = *std::move(recording);
        pipeline_->protect(recording_.status, "the input");
    }
    if (auto checked = pipeline_->check(); !checked) {
        return checked;
    }
    if (options.live()) {
        auto live = LiveSession::open(options.capture, std::nullopt);
        if (!live) {
            return std::unexpected(live.error());
        }
        live_ = *std::move(live);
    }
    if (auto opened = pipeline_->open(); !opened) {
        return opened;
    }
    if (live_) {
        announced_.emplace(*live_, notices_);
        announced_->announce_start();
    }
    pipeline_->set_source(source());
    waiting_.watch(source().poll_fd(), *std::move(processes), options.duration);
    last_flush_ = Clock::now();
    return {};
}

EventSource& Run::source() const {
    return live_ ? live_->source() : *recording_.source;
}

Result<bool> Run::poll(std::chrono::milliseconds timeout) {
    if (ended_) {
        return true;
    }
    waiting_.wait(timeout);
    if (!waiting_.is_stop_requested() && !waiting_.is_over()) {
        const auto turn = work();
        if (turn && *turn == Turn::goes_on) {
            return false;
        }
        if (!turn) {
            auto ended = end(turn.error());
            return std::unexpected(ended ? turn.error() : ended.error());
        }
    }
    const auto ended = end(std::nullopt);
    return ended ? Result<bool>(true) : std::unexpected(ended.error());
}

Result<Run::Turn> Run::work() {
    const auto began = Clock::now();
    EventSource& events = announced_ ? static_cast<EventSource&>(*announced_) : source();
    while (true) {
        const auto polled = events.poll(pipeline_->consumer());
        const auto now = Clock::now();
        if (!polled || *polled != PollStatus::more || now - last_flush_ >= kFlushInterval) {
            last_flush_ = now;
            flush();
        }
        if (!polled) {
            return std::unexpected(polled.error());
        }
        if (*polled == PollStatus::ended || pipeline_->is_done() || waiting_.is_stop_requested()) {
            return Turn::is_over;
        }
        waiting_.set_busy(*polled == PollStatus::more);
        if (*polled == PollStatus::idle || now - began >= kTurn) {
            return Turn::goes_on;
        }
    }
}

void Run::flush() {
    pipeline_->flush();
    for (const auto& remark : pipeline_->take_remarks()) {
        notices_.say(remark);
    }
}

Result<void> Run::stop() {
    if (ended_) {
        return {};
    }
    waiting_.request_stop();
    return end(std::nullopt);
}

void Run::abandon() {
    ended_ = true;
    release_source();
}

/// `failure`: of the source. The first thing that went wrong counts.
Result<void> Run::end(std::optional<Error> failure) {
    // Whatever went wrong, the host comes first and what was captured second.
    if (live_) {
        auto stopped = live_->stop();
        auto drained = pipeline_->can_write() ? drain(source(), *pipeline_) : Result<void>();
        for (const auto& result : {stopped, drained}) {
            if (!result && !failure) {
                failure = result.error();
            }
        }
    }
    auto concluded = conclusion(std::move(failure));
    ended_ = true;
    release_source();
    return concluded;
}

/// Descriptors are the caller's concern: none stay open.
void Run::release_source() {
    waiting_.end_run();
    pipeline_->forget_source();
    announced_.reset();
    live_.reset();
    recording_ = {};
}

std::optional<BufferUse> Run::buffer_use() const {
    return ended_ ? std::nullopt : source().buffer_use();
}

Result<void> Run::conclusion(std::optional<Error> failure) {
    Listener listener(notices_);
    const bool concluded = conclude(*pipeline_, failure.has_value(), listener);
    const std::string last = listener.last();
    if (recording_.source) {
        for (const std::string& remark : recording_.source->remarks()) {
            notices_.say(remark);
        }
    }
    if (failure) {
        return std::unexpected(*std::move(failure));
    }
    return concluded ? Result<void>() : fail(ErrorKind::output, last);
}

}  // namespace sslsniff::api
