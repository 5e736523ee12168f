#include "output/otlp/delivery.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace sslsniff {
namespace {

using std::chrono::seconds;

/// Answers what it is told to; without, not at all.
class FakeCollector final : public Collector {
  public:
    void post(std::string_view path, Bytes body) override {
        EXPECT_FALSE(is_asked) << "one at a time";
        is_asked = true;
        posts.emplace_back(path, std::move(body));
    }
    std::optional<Answer> poll() override {
        if (answers.empty() || !is_asked) {
            return std::nullopt;
        }
        is_asked = false;
        Answer answer = answers.front();
        answers.pop_front();
        return answer;
    }
    void wait(std::chrono::milliseconds /*time*/) override {}

    void will_answer(int status, std::optional<seconds> after = std::nullopt) {
        Answer answer;
        answer.status = status;
        answer.retry_after = after;
        answers.push_back(answer);
    }

    bool is_asked = false;
    std::vector<std::pair<std::string, Bytes>> posts;
    std::deque<Answer> answers;
};

class DeliveryTest : public testing::Test {
  protected:
    void at(double second) {
        delivery_.progress(Delivery::Clock::time_point(std::chrono::duration_cast<Delivery::Clock::duration>(
            std::chrono::duration<double>(1000 + second))));
    }
    void add(const Bytes& body, std::uint64_t items = 10) { delivery_.add({SpoolKind::traces, items, body}); }

    FakeCollector collector_;
    RequestQueue queue_{nullptr};
    Delivery delivery_{collector_, queue_, 1};
};

TEST_F(DeliveryTest, SendsInOrder) {
    add("a");
    add("b", 5);
    delivery_.add({SpoolKind::metrics, 1, "c"});
    EXPECT_EQ(delivery_.counts().waiting, 16);
    for (int i = 0; i < 3; ++i) {
        collector_.will_answer(200);
    }
    at(0);
    using Posts = std::vector<std::pair<std::string, Bytes>>;
    EXPECT_EQ(collector_.posts, (Posts{{"/v1/traces", "a"}, {"/v1/traces", "b"}, {"/v1/metrics", "c"}}));
    EXPECT_EQ(delivery_.counts().delivered, 16);
    EXPECT_EQ(delivery_.counts().waiting, 0);
    EXPECT_EQ(delivery_.take_remark(), "");
}

TEST_F(DeliveryTest, SendsAgainAfterLongerAndLongerPauses) {
    add("a");
    collector_.will_answer(503);
    at(0);
    EXPECT_EQ(delivery_.take_remark(), "the collector answered 503");
    at(0.7);
    EXPECT_EQ(collector_.posts.size(), 1);
    at(1.01);
    ASSERT_EQ(collector_.posts.size(), 2);
    collector_.will_answer(503);
    at(1.02);
    EXPECT_EQ(delivery_.take_remark(), "") << "it is told once";
    at(2.5);
    EXPECT_EQ(collector_.posts.size(), 2);
    at(3.1);
    ASSERT_EQ(collector_.posts.size(), 3);
    collector_.will_answer(200);
    at(3.2);
    EXPECT_EQ(delivery_.counts().delivered, 10);
    EXPECT_EQ(collector_.posts.back().second, "a");
}

TEST_F(DeliveryTest, PausesAreBounded) {
    add("a");
    double time = 0;
    for (int i = 0; i < 20; ++i) {
        collector_.will_answer(502);
        at(time);
        time += 60.001;
    }
    EXPECT_EQ(collector_.posts.size(), 20);
}

TEST_F(DeliveryTest, TheCollectorSaysWhen) {
    add("a");
    collector_.will_answer(429, seconds(30));
    at(0);
    at(29);
    EXPECT_EQ(collector_.posts.size(), 1);
    at(30.1);
    EXPECT_EQ(collector_.posts.size(), 2);
    collector_.will_answer(429, seconds(1'000'000));
    at(30.2);
    at(3631);
    EXPECT_EQ(collector_.posts.size(), 3) << "but not forever";
}

TEST_F(DeliveryTest, WhatIsRefusedIsNotSentAgain) {
    add("a");
    add("b");
    collector_.will_answer(400);
    collector_.will_answer(200);
    at(0);
    EXPECT_EQ(collector_.posts.size(), 2);
    EXPECT_EQ(delivery_.counts().rejected, 10);
    EXPECT_EQ(delivery_.counts().delivered, 10);
    EXPECT_EQ(delivery_.take_remark(), "the collector answered 400");
}

TEST_F(DeliveryTest, WhatDoesNotFitIsDropped) {
    const Bytes large(RequestQueue::kMostMemory / 2, 'x');
    add(large, 1);
    add(large, 1);
    add("c", 7);
    EXPECT_EQ(delivery_.counts().dropped, 7);
    EXPECT_EQ(delivery_.counts().waiting, 2);
    EXPECT_EQ(delivery_.take_remark(), "too much waits for the collector");
    collector_.will_answer(200);
    at(0);
    add("d", 7);
    EXPECT_EQ(delivery_.counts().dropped, 7);
}

TEST_F(DeliveryTest, HurryEndsAPause) {
    add("a");
    collector_.will_answer(503, seconds(600));
    at(0);
    delivery_.hurry();
    collector_.will_answer(200);
    at(1);
    EXPECT_EQ(delivery_.counts().delivered, 10);
}

}  // namespace
}  // namespace sslsniff
