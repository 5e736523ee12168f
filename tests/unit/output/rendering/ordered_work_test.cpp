#include "output/rendering/ordered_work.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

namespace sslsniff {
namespace {

/// Does what it is told, and remembers where.
struct TestJob final : OrderedWork::Job {
    explicit TestJob(int which, std::function<void()> what = {}, std::size_t bytes = 1)
        : number(which), task(std::move(what)), held_now(bytes) {}
    void run(std::size_t thread) noexcept override {
        if (task) {
            task();
        }
        ran_in = thread;
        held_now = grows_to != 0 ? grows_to : held_now;
    }
    std::size_t held() const override { return held_now; }

    int number;
    std::function<void()> task;
    std::size_t held_now;
    std::size_t grows_to = 0;
    std::size_t ran_in = 99;
};

class OrderedWorkTest : public testing::Test {
  protected:
    void take(std::unique_ptr<OrderedWork::Job> job) {
        const auto& done = static_cast<const TestJob&>(*job);
        taken.push_back(done.number);
        ran_in.insert(done.ran_in);
        if (done.number == throws_at) {
            throw std::runtime_error("told to");
        }
    }
    OrderedWork make(OrderedWork::Limits limits) {
        return {limits, [this](std::unique_ptr<OrderedWork::Job> job) { take(std::move(job)); }};
    }
    static std::vector<int> up_to(int count) {
        std::vector<int> numbers;
        for (int i = 0; i < count; ++i) {
            numbers.push_back(i);
        }
        return numbers;
    }

    std::vector<int> taken;
    std::set<std::size_t> ran_in;
    int throws_at = -1;
};

TEST_F(OrderedWorkTest, WithoutThreadsTheOwnerDoesIt) {
    auto work = make({.jobs = 4, .bytes = 100});
    for (int i = 0; i < 10; ++i) {
        work.add(std::make_unique<TestJob>(i));
        EXPECT_LE(work.held(), 4U);
    }
    EXPECT_FALSE(work.is_empty());
    work.drain();
    EXPECT_TRUE(work.is_empty());
    EXPECT_EQ(work.held(), 0U);
    EXPECT_EQ(taken, up_to(10));
    EXPECT_EQ(ran_in, std::set<std::size_t>{0});
}

TEST_F(OrderedWorkTest, TheOrderIsKeptByAnyNumberOfThreads) {
    constexpr int kJobs = 2000;
    for (const std::size_t threads : {1U, 3U, 8U}) {
        for (const std::size_t jobs : {1U, 2U, 7U, 64U}) {
            taken.clear();
            auto work = make({.jobs = jobs, .bytes = 1000});
            ASSERT_EQ(work.start(threads), threads);
            std::atomic<int> ran = 0;
            for (int i = 0; i < kJobs; ++i) {
                work.add(
                    std::make_unique<TestJob>(i, [&ran] { ++ran; }, 1 + static_cast<std::size_t>(i) % 700));
                if (i % 501 == 0) {
                    work.drain();
                }
            }
            work.drain();
            EXPECT_EQ(ran, kJobs);
            EXPECT_EQ(taken, up_to(kJobs)) << threads << " threads, " << jobs << " jobs";
        }
    }
}

TEST_F(OrderedWorkTest, WhatIsDoneEarlyWaitsForItsTurn) {
    auto work = make({.jobs = 8, .bytes = 100});
    ASSERT_EQ(work.start(2), 2U);
    std::latch second_ran(1);
    work.add(std::make_unique<TestJob>(0, [&] { second_ran.wait(); }));
    work.add(std::make_unique<TestJob>(1, [&] { second_ran.count_down(); }));
    work.drain();
    EXPECT_EQ(taken, up_to(2));
}

TEST_F(OrderedWorkTest, TheOwnerTakesPartWhenItIsFull) {
    auto work = make({.jobs = 2, .bytes = 100});
    ASSERT_EQ(work.start(1), 1U);
    std::latch last_was_added(1);
    std::latch begun(1);
    work.add(std::make_unique<TestJob>(0, [&] {
        begun.count_down();
        last_was_added.wait();
    }));
    begun.wait();
    // The other thread is busy until this is called, by the owner.
    work.add(std::make_unique<TestJob>(1, [&] { last_was_added.count_down(); }));
    work.drain();
    EXPECT_EQ(taken, up_to(2));
    EXPECT_EQ(ran_in, (std::set<std::size_t>{0, 1}));
}

TEST_F(OrderedWorkTest, BytesAreBoundedBeforeAndBehindRunning) {
    auto work = make({.jobs = 1000, .bytes = 100});
    ASSERT_EQ(work.start(3), 3U);
    for (int i = 0; i < 1000; ++i) {
        auto job = std::make_unique<TestJob>(i, nullptr, 10);
        job->grows_to = 60;
        work.add(std::move(job));
        // At most what was there, what ran meanwhile in each thread, and this one.
        EXPECT_LE(work.held(), 100U + 4 * 60U);
    }
    work.drain();
    EXPECT_EQ(taken, up_to(1000));
}

TEST_F(OrderedWorkTest, OneJobMayBeLargerThanTheBound) {
    auto work = make({.jobs = 10, .bytes = 100});
    work.add(std::make_unique<TestJob>(0, nullptr, 1000));
    EXPECT_EQ(work.held(), 1000U);
    work.add(std::make_unique<TestJob>(1, nullptr, 1000));
    EXPECT_EQ(work.held(), 1000U);
    EXPECT_EQ(taken, up_to(1));
    work.drain();
    EXPECT_EQ(taken, up_to(2));
}

TEST_F(OrderedWorkTest, WhatTheTakerThrowsLeavesAndTheRestGoesOn) {
    for (const std::size_t threads : {0U, 2U}) {
        taken.clear();
        throws_at = 3;
        auto work = make({.jobs = 10, .bytes = 100});
        ASSERT_EQ(work.start(threads), threads);
        bool thrown = false;
        for (int i = 0; i < 8; ++i) {
            try {
                work.add(std::make_unique<TestJob>(i));
            } catch (const std::runtime_error&) {
                thrown = true;
            }
        }
        try {
            work.drain();
        } catch (const std::runtime_error&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
        work.drain();
        EXPECT_EQ(taken, up_to(8));
    }
}

TEST_F(OrderedWorkTest, EndsWhileJobsWait) {
    for (int round = 0; round < 50; ++round) {
        auto work = make({.jobs = 100, .bytes = 1000});
        ASSERT_EQ(work.start(2), 2U);
        for (int i = 0; i < round; ++i) {
            work.add(std::make_unique<TestJob>(i));
        }
    }
    // Nothing hangs, and what was taken was taken in order.
    SUCCEED();
}

}  // namespace
}  // namespace sslsniff
