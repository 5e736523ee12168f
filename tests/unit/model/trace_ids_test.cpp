#include "model/trace_ids.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

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

TEST(B3Test, HasOneOrTwoWords) {
    const auto long_id = parse_b3("0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1");
    ASSERT_TRUE(long_id);
    EXPECT_EQ((*long_id)[0], 0x0a);
    const auto short_id = parse_b3("8448eb211c80319c");
    ASSERT_TRUE(short_id);
    EXPECT_EQ((*short_id)[0], 0) << "padded in front";
    EXPECT_EQ((*short_id)[8], 0x84);
    EXPECT_EQ((*short_id)[15], 0x9c);
}

TEST(B3Test, WhatIsNoneIsRefused) {
    for (const char* value : {"0", "1", "d", "", "-", "8448eb211c80319", "8448eb211c80319g",
                              "0000000000000000", "0af7651916cd43dd8448eb211c80319c0"}) {
        EXPECT_FALSE(parse_b3(value)) << value;
    }
}

}  // namespace
}  // namespace sslsniff
