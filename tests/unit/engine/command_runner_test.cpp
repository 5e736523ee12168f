#include "engine/command_runner.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <vector>

namespace sslsniff {
namespace {

class CommandRunnerTest : public testing::Test {
  protected:
    CommandRunner start(std::vector<std::string> command) {
        auto runner = CommandRunner::fork_held(command, signals_);
        if (!runner) {
            throw std::runtime_error(runner.error().message);
        }
        return *std::move(runner);
    }

    bool has_ended(const CommandRunner& runner, int timeout_ms) {
        pollfd descriptor{runner.pidfd(), POLLIN, 0};
        return ::poll(&descriptor, 1, timeout_ms) == 1;
    }

    Signals signals_ = *Signals::take();
    std::string file_ = testing::TempDir() + "command_runner_test." + std::to_string(::getpid());
};

TEST_F(CommandRunnerTest, RunsNothingBeforeItIsReleased) {
    ::unlink(file_.c_str());
    auto runner = start({"/bin/sh", "-c", "echo ran >" + file_});
    EXPECT_FALSE(has_ended(runner, 50));
    EXPECT_NE(::access(file_.c_str(), F_OK), 0);
    EXPECT_FALSE(runner.release().has_value());
    EXPECT_EQ(runner.wait(), 0);
    EXPECT_EQ(::access(file_.c_str(), F_OK), 0);
    ::unlink(file_.c_str());
}

TEST_F(CommandRunnerTest, NeverReleasedRunsNothing) {
    ::unlink(file_.c_str());
    {
        auto runner = start({"/bin/sh", "-c", "echo ran >" + file_});
    }
    EXPECT_NE(::access(file_.c_str(), F_OK), 0);
}

TEST_F(CommandRunnerTest, ItsOutputMayGoElsewhere) {
    const UniqueFd file(::open(file_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    const std::vector<std::string> words{"sh", "-c", "echo ran"};
    auto runner = *CommandRunner::fork_held(words, signals_, file.get());
    EXPECT_FALSE(runner.release().has_value());
    EXPECT_EQ(runner.wait(), 0);
    std::ifstream written(file_);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(written), {}), "ran\n");
    ::unlink(file_.c_str());
}

TEST_F(CommandRunnerTest, GivesTheExitStatus) {
    auto runner = start({"sh", "-c", "exit 42"});
    EXPECT_FALSE(runner.release().has_value());
    EXPECT_EQ(runner.wait(), 42);
}

TEST_F(CommandRunnerTest, GivesTheSignalAsAShellDoes) {
    auto runner = start({"sh", "-c", "kill -KILL $$"});
    EXPECT_FALSE(runner.release().has_value());
    EXPECT_EQ(runner.wait(), 128 + SIGKILL);
}

TEST_F(CommandRunnerTest, SaysWhyACommandCannotRun) {
    auto missing = start({"/no/such/command"});
    const auto not_found = missing.release();
    ASSERT_TRUE(not_found.has_value());
    EXPECT_EQ(not_found->message, "cannot run /no/such/command: No such file or directory");
    EXPECT_EQ(not_found->exit_status, 127);
    EXPECT_EQ(missing.wait(), 127);

    auto folder = start({"/tmp"});
    const auto not_runnable = folder.release();
    ASSERT_TRUE(not_runnable.has_value());
    EXPECT_EQ(not_runnable->message, "cannot run /tmp: Permission denied");
    EXPECT_EQ(not_runnable->exit_status, 126);
    EXPECT_EQ(folder.wait(), 126);
}

TEST_F(CommandRunnerTest, ChildHasTheSignalsWeInherited) {
    auto runner = start({"sh", "-c", "grep -E '^Sig(Blk|Ign)' /proc/self/status >" + file_});
    EXPECT_FALSE(runner.release().has_value());
    EXPECT_EQ(runner.wait(), 0);
    std::ifstream stream(file_);
    const std::string text((std::istreambuf_iterator<char>(stream)), {});
    EXPECT_NE(text.find("SigBlk:\t0000000000000000"), std::string::npos) << text;
    // Signal N is bit N - 1.
    const auto ignored = std::stoull(text.substr(text.find("SigIgn:\t") + 8), nullptr, 16);
    EXPECT_EQ(ignored & (1ULL << (SIGPIPE - 1)), 0U) << text;
    EXPECT_EQ(ignored & (1ULL << (SIGXFSZ - 1)), 0U) << text;
    ::unlink(file_.c_str());
}

TEST_F(CommandRunnerTest, ForwardsSignals) {
    auto runner = start({"sleep", "100"});
    EXPECT_FALSE(runner.release().has_value());
    runner.send_signal(SIGTERM);
    EXPECT_TRUE(has_ended(runner, 10'000));
    EXPECT_EQ(runner.wait(), 128 + SIGTERM);
}

}  // namespace
}  // namespace sslsniff
