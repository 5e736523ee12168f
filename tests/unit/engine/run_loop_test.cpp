#include "engine/run_loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <functional>
#include <string>
#include <thread>

#include "engine/descriptors.h"

namespace sslsniff {
namespace {

using namespace std::chrono_literals;

/// Plays a list of answers; once they are used up, says `idle` for ever.
class FakeSource final : public EventSource {
  public:
    using Answer = std::function<Result<PollStatus>(EventConsumer&)>;
    explicit FakeSource(std::deque<Answer> answers) : answers_(std::move(answers)) {}
    Result<PollStatus> poll(EventConsumer& consumer) override {
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
    bool flush() override {
        flushed = consumer_.events;
        failed = fails;
        return true;
    }
    bool is_done() const override { return failed || consumer_.events >= limit; }
    bool reopen() override {
        ++reopened;
        return has_files;
    }
    std::string totals() const override {
        ++asked;
        return {};
    }

    std::size_t events() const { return consumer_.events; }
    std::size_t flushed = 0;
    std::size_t limit = SIZE_MAX;
    bool fails = false;  ///< at the next flush
    bool failed = false;
    bool has_files = true;
    int reopened = 0;
    mutable int asked = 0;

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
    Result<StopReason> run(EventSource& source, StopConditions conditions = {}) {
        supervisor_.start(std::move(conditions));
        return run_loop(source, output_, supervisor_, notices_);
    }

    Signals signals_ = *Signals::take();
    Notices notices_;
    Supervisor supervisor_{notices_, &signals_};
    FakeOutput output_;
};

TEST_F(RunLoopTest, EndsWithTheSource) {
    FakeSource source({deliver(2, PollStatus::more), deliver(1, PollStatus::ended)});
    EXPECT_EQ(run(source), StopReason::source_ended);
    EXPECT_EQ(output_.events(), 3U);
}

TEST_F(RunLoopTest, FlushesBeforeItWaits) {
    FakeSource source({deliver(2, PollStatus::idle), [&](EventConsumer&) {
                           EXPECT_EQ(output_.flushed, 2U);
                           return PollStatus::ended;
                       }});
    EXPECT_EQ(run(source), StopReason::source_ended);
}

TEST_F(RunLoopTest, EndsWhenTheOutputHasEnough) {
    output_.limit = 5;
    FakeSource source(
        {deliver(3, PollStatus::more), deliver(3, PollStatus::more), deliver(3, PollStatus::more)});
    EXPECT_EQ(run(source), StopReason::output_done);
    EXPECT_EQ(output_.events(), 6U);
}

TEST_F(RunLoopTest, EndsAfterTheDuration) {
    FakeSource source({});
    StopConditions conditions;
    conditions.duration = 30ms;
    EXPECT_EQ(run(source, std::move(conditions)), StopReason::duration);
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
    EXPECT_EQ(run(source, std::move(conditions)), StopReason::processes_ended);
    while (::wait(nullptr) > 0) {
    }
}

TEST_F(RunLoopTest, EndsOnASignal) {
    FakeSource source({});
    ::kill(::getpid(), SIGTERM);
    EXPECT_EQ(run(source), StopReason::signal);
}

TEST_F(RunLoopTest, SecondSignalEndsTheProcess) {
    EXPECT_EXIT(
        {
            auto signals = *Signals::take();
            FakeSource source({});
            FakeOutput output;
            ::kill(::getpid(), SIGTERM);
            Notices notices;
            Supervisor supervisor(notices, &signals);
            (void)run_loop(source, output, supervisor, notices);
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
    EXPECT_EQ(run(source, std::move(conditions)), StopReason::processes_ended);
    EXPECT_EQ(command.wait(), 128 + SIGTERM);
}

TEST_F(RunLoopTest, AnErrorOfTheSourceComesAfterItsEvents) {
    FakeSource source({deliver(2, PollStatus::more),
                       [](EventConsumer&) -> Result<PollStatus> { return fail("line 3: nonsense"); }});
    const auto result = run(source);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().message, "line 3: nonsense");
    EXPECT_EQ(output_.flushed, 2U);
}

TEST_F(RunLoopTest, AFailureOfTheOutputEndsIt) {
    output_.fails = true;
    FakeSource source({deliver(1, PollStatus::idle)});
    EXPECT_EQ(run(source), StopReason::output_done);
}

class EndingSignals : public RunLoopTest, public testing::WithParamInterface<int> {};

TEST_P(EndingSignals, EndInOrder) {
    FakeSource source({});
    ::kill(::getpid(), GetParam());
    EXPECT_EQ(run(source), StopReason::signal);
}

INSTANTIATE_TEST_SUITE_P(All, EndingSignals,
                         testing::Values(SIGINT, SIGTERM, SIGQUIT, SIGUSR2, SIGALRM, SIGXCPU),
                         [](const auto& kind) { return std::string(sigabbrev_np(kind.param)); });

/// Sends `signal` to this process, then ends with the second answer after it.
std::deque<FakeSource::Answer> signal_and_end(int signal) {
    return {[signal](EventConsumer&) {
                ::kill(::getpid(), signal);
                return PollStatus::idle;
            },
            deliver(0, PollStatus::idle), deliver(0, PollStatus::ended)};
}

TEST_F(RunLoopTest, HangupByAProcessOpensNewFiles) {
    FakeSource source(signal_and_end(SIGHUP));
    EXPECT_EQ(run(source), StopReason::source_ended);
    EXPECT_EQ(output_.reopened, 1);
}

TEST_F(RunLoopTest, HangupEndsWhereThereAreNoFiles) {
    output_.has_files = false;
    FakeSource source({});
    ::kill(::getpid(), SIGHUP);
    EXPECT_EQ(run(source), StopReason::signal);
}

TEST_F(RunLoopTest, TotalsAreToldOnTheWay) {
    FakeSource source(signal_and_end(SIGUSR1));
    EXPECT_EQ(run(source), StopReason::source_ended);
    EXPECT_EQ(output_.asked, 1);
}

TEST_F(RunLoopTest, NeitherGoesToTheCommand) {
    const std::vector<std::string> words{"sleep", "100"};
    auto command = *CommandRunner::fork_held(words, signals_);
    ASSERT_FALSE(command.release().has_value());
    StopConditions conditions;
    conditions.command = &command;
    auto answers = signal_and_end(SIGHUP);
    answers.push_front([](EventConsumer&) {
        ::kill(::getpid(), SIGUSR1);
        return PollStatus::idle;
    });
    FakeSource source(std::move(answers));
    EXPECT_EQ(run(source, std::move(conditions)), StopReason::source_ended);
    EXPECT_EQ(output_.asked + output_.reopened, 2);
    command.send_signal(SIGKILL);
    EXPECT_EQ(command.wait(), 128 + SIGKILL) << "it lived until now";
}

/// A full pipe.
class StalledOutput : public RunLoopTest {
  protected:
    StalledOutput() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
        reader_ = UniqueFd(ends[0]);
        writer_ = UniqueFd(ends[1]);
        const std::string piece(65536, 'x');
        while (::write(writer_.get(), piece.data(), piece.size()) > 0) {
        }
    }
    UniqueFd reader_;
    UniqueFd writer_;
};

TEST_F(StalledOutput, IsWaitedForButNotAfterASignal) {
    supervisor_.start({});
    std::thread killer([] {
        std::this_thread::sleep_for(50ms);
        ::kill(::getpid(), SIGTERM);
    });
    const auto before = std::chrono::steady_clock::now();
    EXPECT_FALSE(supervisor_.await_writable(writer_.get()));
    EXPECT_GE(std::chrono::steady_clock::now() - before, 50ms);
    killer.join();
    EXPECT_EQ(supervisor_.stop(), StopReason::signal);
    EXPECT_FALSE(supervisor_.await_writable(writer_.get())) << "the last wait is over for all";
    EXPECT_FALSE(supervisor_.pause(1h));
}

TEST_F(StalledOutput, AReaderThatGoesOnIsWorthTheWait) {
    supervisor_.start({});
    std::thread reader([this] {
        std::this_thread::sleep_for(50ms);
        std::array<char, 65536> chunk{};
        EXPECT_GT(::read(reader_.get(), chunk.data(), chunk.size()), 0);
    });
    EXPECT_TRUE(supervisor_.await_writable(writer_.get()));
    reader.join();
}

TEST_F(StalledOutput, EndOfAProcessEndsNoWait) {
    StopConditions conditions;
    conditions.duration = 1ms;
    supervisor_.start(std::move(conditions));
    std::thread reader([this] {
        std::this_thread::sleep_for(700ms);  // longer than the last wait after a signal
        reader_.reset();
    });
    EXPECT_TRUE(supervisor_.await_writable(writer_.get()));
    reader.join();
}

TEST(OpenPidfd, SaysThatThereIsNoProcess) {
    const auto fd = open_pidfd(0x3fffffff);
    ASSERT_FALSE(fd.has_value());
    EXPECT_EQ(fd.error().message, "there is no process 1073741823");
}

}  // namespace
}  // namespace sslsniff
