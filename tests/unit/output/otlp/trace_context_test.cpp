#include "output/otlp/trace_context.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

namespace sslsniff {
namespace {

constexpr std::string_view kTrace = "0af7651916cd43dd8448eb211c80319c";
constexpr std::string_view kSpan = "b7ad6b7169203331";

std::string value(std::string_view version = "00", std::string_view trace = kTrace,
                  std::string_view span = kSpan, std::string_view flags = "01") {
    return std::string(version) + '-' + std::string(trace) + '-' + std::string(span) + '-' +
           std::string(flags);
}

TEST(TraceParentTest, IsRead) {
    const auto parent = parse_traceparent(value());
    ASSERT_TRUE(parent);
    EXPECT_EQ(parent->trace[0], 0x0a);
    EXPECT_EQ(parent->trace[15], 0x9c);
    EXPECT_EQ(parent->span[7], 0x31);
    EXPECT_EQ(parent->flags, 1);
    EXPECT_EQ(parse_traceparent(value("00", kTrace, kSpan, "00"))->flags, 0);
}

TEST(TraceParentTest, LaterVersionsMayHaveMore) {
    EXPECT_TRUE(parse_traceparent(value("cc") + "-what-the-future-brings"));
    EXPECT_TRUE(parse_traceparent(value("cc")));
    EXPECT_FALSE(parse_traceparent(value("cc") + ".what"));
    EXPECT_FALSE(parse_traceparent(value("00") + "-more"));
    EXPECT_FALSE(parse_traceparent(value("ff")));
}

TEST(TraceParentTest, WhatIsNoneIsRefused) {
    const std::string good = value();
    for (std::size_t size = 0; size < good.size(); ++size) {
        EXPECT_FALSE(parse_traceparent(good.substr(0, size))) << size;
    }
    for (std::size_t i = 0; i < good.size(); ++i) {
        std::string wrong = good;
        wrong[i] = 'G';
        EXPECT_FALSE(parse_traceparent(wrong)) << i;
        wrong[i] = 'A';  // upper case is not allowed
        EXPECT_FALSE(parse_traceparent(wrong)) << i;
    }
    EXPECT_FALSE(parse_traceparent(value("00", std::string(32, '0'))));
    EXPECT_FALSE(parse_traceparent(value("00", kTrace, std::string(16, '0'))));
}

TEST(SpanIdsTest, AreDifferent) {
    std::seed_seq seed{1, 2};
    SpanIds ids(seed);
    std::set<TraceId> traces;
    std::set<SpanId> spans;
    for (int i = 0; i < 1000; ++i) {
        traces.insert(ids.trace());
        spans.insert(ids.span());
    }
    EXPECT_EQ(traces.size(), 1000);
    EXPECT_EQ(spans.size(), 1000);
}

}  // namespace
}  // namespace sslsniff
