#include "app/run_loop.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <deque>
#include <functional>

#include "app/descriptors.h"

namespace sslsniff {
namespace {

using namespace std::chrono_literals;

/// Plays a list of answers; once they are used up, says `idle` for ever.
class FakeSource final : public EventSource {
  public:
    using Answer = std::function<Result<PollStatus>(EventConsumer&)>;
    explicit FakeSource(std::deque<Answer> answers) : answers_(std::move(answers)) {}
    Result<PollStatus> poll(std::chrono::milliseconds /*timeout*/, EventConsumer& consumer) override {
        if (answers_.empty()) {
            return PollStatus::idle;
        }
        auto answer = std::move(answers_.front());
        answers_.pop_front();
        return answer(consumer);
    }

  private:
    std::deque<Answer> answers_;
};

class FakeOutput final : public CaptureOutput {
  public:
    EventConsumer& consumer() override { return consumer_; }
    Result<void> flush() override {
        flushed = consumer_.events;
        return error ? fail(*error) : Result<void>();
    }
    bool is_done() const override { return consumer_.events >= limit; }

    std::size_t events() const { return consumer_.events; }
    std::size_t flushed = 0;
    std::size_t limit = SIZE_MAX;
    std::optional<std::string> error;

  private:
    struct Counter final : EventConsumer {
        void on_event(const CaptureEvent& /*event*/) override { ++events; }
        std::size_t events = 0;
    };
    Counter consumer_;
};

FakeSource::Answer deliver(std::size_t events, PollStatus status) {
    return [=](EventConsumer& consumer) {
        for (std::size_t i = 0; i < events; ++i) {
            consumer.on_event(LossEvent{});
        }
        return status;
    };
}

class RunLoopTest : public testing::Test {
  protected:
    Signals signals_ = *Signals::take();
    FakeOutput output_;
};

TEST_F(RunLoopTest, EndsWithTheSource) {
    FakeSource source({deliver(2, PollStatus::more), deliver(1, PollStatus::ended)});
    EXPECT_EQ(run_loop(source, output_, signals_, {}), StopReason::source_ended);
    EXPECT_EQ(output_.events(), 3U);
}

TEST_F(RunLoopTest, FlushesBeforeItWaits) {
    FakeSource source({deliver(2, PollStatus::idle), [&](EventConsumer&) {
                           EXPECT_EQ(output_.flushed, 2U);
                           return PollStatus::ended;
                       }});
    EXPECT_EQ(run_loop(source, output_, signals_, {}), StopReason::source_ended);
}

TEST_F(RunLoopTest, EndsWhenTheOutputHasEnough) {
    output_.limit = 5;
    FakeSource source(
        {deliver(3, PollStatus::more), deliver(3, PollStatus::more), deliver(3, PollStatus::more)});
    EXPECT_EQ(run_loop(source, output_, signals_, {}), StopReason::output_done);
    EXPECT_EQ(output_.events(), 6U);
}

TEST_F(RunLoopTest, EndsAfterTheDuration) {
    FakeSource source({});
    StopConditions conditions;
    conditions.duration = 30ms;
    EXPECT_EQ(run_loop(source, output_, signals_, std::move(conditions)), StopReason::duration);
}

TEST_F(RunLoopTest, EndsWithTheLastProcess) {
    StopConditions conditions;
    for (int i = 0; i < 2; ++i) {
        const pid_t pid = ::fork();
        if (pid == 0) {
            ::_exit(0);
        }
        conditions.processes.push_back(*open_pidfd(pid));
    }
    FakeSource source({});
    EXPECT_EQ(run_loop(source, output_, signals_, std::move(conditions)), StopReason::processes_ended);
    while (::wait(nullptr) > 0) {
    }
}

TEST_F(RunLoopTest, EndsOnASignal) {
    FakeSource source({});
    ::kill(::getpid(), SIGTERM);
    EXPECT_EQ(run_loop(source, output_, signals_, {}), StopReason::signal);
}

TEST_F(RunLoopTest, SecondSignalEndsTheProcess) {
    EXPECT_EXIT(
        {
            auto signals = *Signals::take();
            FakeSource source({});
            FakeOutput output;
            ::kill(::getpid(), SIGTERM);
            (void)run_loop(source, output, signals, {});
            ::kill(::getpid(), SIGINT);
        },
        testing::KilledBySignal(SIGINT), "");
}

TEST_F(RunLoopTest, SignalsGoToTheCommandFirst) {
    const std::vector<std::string> words{"sleep", "100"};
    auto command = *CommandRunner::fork_held(words, signals_);
    ASSERT_FALSE(command.release().has_value());
    FakeSource source({});
    ::kill(::getpid(), SIGTERM);
    StopConditions conditions;
    conditions.command = &command;
    EXPECT_EQ(run_loop(source, output_, signals_, std::move(conditions)), StopReason::processes_ended);
    EXPECT_EQ(command.wait(), 128 + SIGTERM);
}

TEST_F(RunLoopTest, AnErrorOfTheSourceComesAfterItsEvents) {
    FakeSource source({deliver(2, PollStatus::more),
                       [](EventConsumer&) -> Result<PollStatus> { return fail("line 3: nonsense"); }});
    const auto result = run_loop(source, output_, signals_, {});
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().message, "line 3: nonsense");
    EXPECT_EQ(output_.flushed, 2U);
}

TEST_F(RunLoopTest, AnErrorOfTheOutputEndsIt) {
    output_.error = "disk full";
    FakeSource source({deliver(1, PollStatus::idle)});
    const auto result = run_loop(source, output_, signals_, {});
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().message, "disk full");
}

TEST(OpenPidfd, SaysThatThereIsNoProcess) {
    const auto fd = open_pidfd(0x3fffffff);
    ASSERT_FALSE(fd.has_value());
    EXPECT_EQ(fd.error().message, "there is no process 1073741823");
}

}  // namespace
}  // namespace sslsniff
