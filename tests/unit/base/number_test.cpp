#include "base/number.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace sslsniff {
namespace {

TEST(ParseNumber, TakesAllOrNothing) {
    EXPECT_EQ(parse_number<std::uint16_t>("65535"), 65535);
    EXPECT_EQ(parse_number<std::int64_t>("-5"), -5);
    EXPECT_EQ(parse_number<std::uint64_t>("ff", 16), 255U);
    for (const char* text : {"", " 1", "1 ", "+1", "-1", "1x", "0x1", "65536"}) {
        EXPECT_FALSE(parse_number<std::uint16_t>(text)) << text;
    }
}

}  // namespace
}  // namespace sslsniff
