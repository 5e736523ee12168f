#include "stream/request_ids.h"

#include <gtest/gtest.h>

namespace sslsniff {
namespace {

Timestamp at(int us) {
    return Timestamp(std::chrono::microseconds(us));
}

TransactionId request(std::uint64_t number) {
    return {{1, 1, 1, 1}, number};
}

TraceIds of_trace(std::uint8_t number) {
    TraceIds ids;
    ids.trace_parent.emplace().back() = number;
    return ids;
}

TraceIds of_request(std::string id) {
    TraceIds ids;
    ids.request = std::move(id);
    return ids;
}

TEST(RequestIdsTest, TheOneWithTheIdIsMeant) {
    RequestIds ids;
    ids.begin(request(1), of_trace(1), at(10));
    ids.begin(request(2), of_trace(2), at(20));
    const auto cause = ids.find(of_trace(1), at(30));
    ASSERT_TRUE(cause);
    EXPECT_EQ(cause->transaction, request(1));
    EXPECT_EQ(cause->confidence, CauseConfidence::traceparent);
    EXPECT_EQ(cause->trace, of_trace(1).trace_parent);
    EXPECT_FALSE(cause->is_over);
    EXPECT_FALSE(ids.find(of_trace(3), at(30)));
    EXPECT_FALSE(ids.find(TraceIds(), at(30)));
}

TEST(RequestIdsTest, KindsOfIdsAreKeptApart) {
    RequestIds ids;
    TraceIds both;
    both.request = "a";
    both.b3 = of_trace(1).trace_parent;
    ids.begin(request(1), both, at(10));
    EXPECT_EQ(ids.find(of_request("a"), at(30))->confidence, CauseConfidence::header);
    EXPECT_FALSE(ids.find(of_trace(1), at(30)));
    TraceIds correlation;
    correlation.correlation = "a";
    EXPECT_FALSE(ids.find(correlation, at(30)));
    both.request = "b";
    EXPECT_EQ(ids.find(both, at(30))->transaction, request(1)) << "by b3";
}

TEST(RequestIdsTest, OnlyWhileItIsInProgress) {
    RequestIds ids;
    ids.begin(request(1), of_trace(1), at(10));
    EXPECT_FALSE(ids.find(of_trace(1), at(10))) << "a call that began before";
    ids.end(request(1), of_trace(1), at(20));
    const auto late = ids.find(of_trace(1), at(15));
    ASSERT_TRUE(late) << "a call that is over after the request is";
    EXPECT_TRUE(late->is_over);
    EXPECT_FALSE(ids.find(of_trace(1), at(21)));
}

TEST(RequestIdsTest, ASharedIdTellsNothing) {
    RequestIds ids;
    ids.begin(request(1), of_request("same"), at(10));
    ids.begin(request(2), of_request("same"), at(20));
    EXPECT_FALSE(ids.find(of_request("same"), at(30)));
    ids.end(request(2), of_request("same"), at(40));
    EXPECT_FALSE(ids.find(of_request("same"), at(50))) << "which one began it cannot be told any more";
    ids.end(request(1), of_request("same"), at(60));
    EXPECT_FALSE(ids.find(of_request("same"), at(55)));
    ids.begin(request(3), of_request("same"), at(70));
    EXPECT_EQ(ids.find(of_request("same"), at(80))->transaction, request(3));
    EXPECT_FALSE(ids.find(of_request("same"), at(55)));
}

TEST(RequestIdsTest, ManyIdsOfOneRequestAfterTheOther) {
    RequestIds ids;
    for (std::size_t i = 1; i <= 3 * RequestIds::kMostIds; ++i) {
        const TraceIds id = of_request(std::to_string(i));
        ids.begin(request(i), id, at(static_cast<int>(2 * i)));
        ASSERT_EQ(ids.find(id, at(static_cast<int>(2 * i) + 1))->transaction, request(i));
        ids.end(request(i), id, at(static_cast<int>(2 * i) + 1));
    }
}

TEST(RequestIdsTest, TooManyTellNothing) {
    RequestIds ids;
    for (std::size_t i = 1; i <= 2 * RequestIds::kMostIds; ++i) {
        ids.begin(request(i), of_request(std::to_string(i)), at(1));
    }
    EXPECT_FALSE(ids.find(of_request("1"), at(2)));
    EXPECT_FALSE(ids.find(of_request(std::to_string(2 * RequestIds::kMostIds)), at(2)));
}

}  // namespace
}  // namespace sslsniff
