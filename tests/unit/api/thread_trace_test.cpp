#include "api/thread_trace.h"

#include <gtest/gtest.h>

namespace sslsniff::api {
namespace {

/// Clients have connections 1 and 2, the server behind has 9.
TEST(ThreadTrace, FollowsARequestThroughAProxy) {
    ThreadTrace threads;
    const auto request = threads.received(7, 70, 1);
    EXPECT_NE(request, 0U);
    EXPECT_EQ(threads.received(7, 70, 1), request) << "its next part";
    EXPECT_EQ(threads.sent(7, 70, 9), request);
    const auto response = threads.received(7, 70, 9);
    EXPECT_NE(response, request);
    EXPECT_EQ(threads.sent(7, 70, 1), response);
    EXPECT_NE(threads.received(7, 70, 1), request) << "the next request";
}

TEST(ThreadTrace, AnAnswerOnTheSameConnectionIsNotPassedOn) {
    ThreadTrace threads;
    const auto request = threads.received(7, 70, 1);
    EXPECT_EQ(threads.sent(7, 70, 1), 0U);
    EXPECT_NE(threads.received(7, 70, 1), request);
}

TEST(ThreadTrace, ThreadsAreApart) {
    ThreadTrace threads;
    const auto one = threads.received(7, 70, 1);
    const auto two = threads.received(7, 71, 2);
    const auto three = threads.received(8, 70, 3);  // of another PID namespace, perhaps
    EXPECT_EQ(threads.sent(7, 71, 9), two);
    EXPECT_EQ(threads.sent(7, 70, 9), one);
    EXPECT_EQ(threads.sent(8, 70, 9), three);
    EXPECT_EQ(threads.sent(7, 72, 9), 0U) << "received nothing";
    EXPECT_EQ(threads.received(7, 0, 1), 0U) << "not known";
}

TEST(ThreadTrace, IsBounded) {
    ThreadTrace threads;
    for (std::uint32_t tid = 1; tid <= 200'000; ++tid) {
        threads.received(1, tid, 1);
    }
    EXPECT_EQ(threads.sent(1, 1, 2), 0U) << "forgotten";
    EXPECT_NE(threads.sent(1, 200'000, 2), 0U);
}

}  // namespace
}  // namespace sslsniff::api
