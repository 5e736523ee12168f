#include "app/units.h"

#include <gtest/gtest.h>

namespace sslsniff {
namespace {

using namespace std::chrono_literals;

TEST(ParseSize, TakesBytesAndBinarySuffixes) {
    EXPECT_EQ(parse_size("0"), 0U);
    EXPECT_EQ(parse_size("4096"), 4096U);
    EXPECT_EQ(parse_size("64k"), 65536U);
    EXPECT_EQ(parse_size("64M"), 64ULL << 20U);
    EXPECT_EQ(parse_size("2G"), 2ULL << 30U);
    EXPECT_EQ(parse_size("18446744073709551615"), 18446744073709551615U);
}

TEST(ParseSize, RefusesWhatIsNoSize) {
    for (const auto* text : {"", "k", "-1", "+1", "1.5M", "64MB", "1 k", "0x10", "\x1b[31m"}) {
        EXPECT_FALSE(parse_size(text).has_value()) << text;
    }
    EXPECT_EQ(parse_size("\x1b[31m").error().message.find('\x1b'), std::string::npos);
}

TEST(ParseSize, RefusesOverflow) {
    for (const auto* text : {"18446744073709551616", "18446744073709551615k", "99999999999999999999G"}) {
        const auto size = parse_size(text);
        ASSERT_FALSE(size.has_value()) << text;
        EXPECT_NE(size.error().message.find("too large"), std::string::npos);
    }
}

TEST(ParseDuration, TakesSecondsAndSuffixes) {
    EXPECT_EQ(parse_duration("10"), Duration(10s));
    EXPECT_EQ(parse_duration("10s"), Duration(10s));
    EXPECT_EQ(parse_duration("1.5s"), Duration(1500ms));
    EXPECT_EQ(parse_duration("500ms"), Duration(500ms));
    EXPECT_EQ(parse_duration("2m"), Duration(2min));
    EXPECT_EQ(parse_duration("1h"), Duration(1h));
}

TEST(ParseDuration, RefusesTheRest) {
    for (const auto* text :
         {"", "0", "-1", "s", "10d", "1e3", "nan", "inf", "10 s", "1e400", "99999999999999h"}) {
        EXPECT_FALSE(parse_duration(text).has_value()) << text;
    }
}

}  // namespace
}  // namespace sslsniff
