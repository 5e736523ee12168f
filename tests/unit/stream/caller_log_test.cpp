#include "stream/caller_log.h"

#include <gtest/gtest.h>

namespace sslsniff {
namespace {

Timestamp at(int us) {
    return Timestamp(std::chrono::microseconds(us));
}

TEST(CallerLogTest, TellsWhoseTurnItWas) {
    CallerLog log;
    EXPECT_EQ(log.caller(at(1)), 0U);
    log.add(7, at(10));
    log.add(7, at(20));
    log.add(8, at(30));
    log.add(7, at(40));
    EXPECT_EQ(log.caller(at(9)), 0U);
    EXPECT_EQ(log.caller(at(10)), 7U);
    EXPECT_EQ(log.caller(at(15)), 7U);
    EXPECT_EQ(log.caller(at(25)), 0U) << "between two threads";
    EXPECT_EQ(log.caller(at(30)), 8U);
    EXPECT_EQ(log.caller(at(40)), 7U);
    EXPECT_EQ(log.caller(at(41)), 0U);
}

TEST(CallerLogTest, IsBounded) {
    CallerLog log;
    for (int i = 1; i <= 1000; ++i) {
        log.add(static_cast<std::uint32_t>(i), at(i));
    }
    EXPECT_EQ(log.caller(at(1000)), 1000U);
    EXPECT_EQ(log.caller(at(1000 - 15)), 985U);
    EXPECT_EQ(log.caller(at(1000 - 16)), 0U);
    EXPECT_LE(log.held(), 1024U);
}

}  // namespace
}  // namespace sslsniff
