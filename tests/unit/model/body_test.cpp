#include "model/body.h"

#include <gtest/gtest.h>

namespace sslsniff {
namespace {

TEST(Body, KeepsTheFirstBytesAndCountsAll) {
    Body body;
    append(body, "abc", 5);
    EXPECT_FALSE(body.truncated());
    append(body, "defg", 5);
    append(body, "h", 5);
    EXPECT_EQ(body.captured, "abcde");
    EXPECT_EQ(body.size, 8U);
    EXPECT_TRUE(body.truncated());
}

TEST(Body, KeepsNothingAfterAGap) {
    Body body;
    append(body, "abc", 100);
    body.missing += 10;
    append(body, "def", 100);
    EXPECT_EQ(body.captured, "abc") << "a prefix, never a collage";
    EXPECT_EQ(body.size, 6U);
}

TEST(Body, LimitZeroKeepsNothing) {
    Body body;
    append(body, "abc", 0);
    EXPECT_EQ(body.captured, "");
    EXPECT_TRUE(body.truncated());
}

}  // namespace
}  // namespace sslsniff
