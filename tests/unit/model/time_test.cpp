#include "model/time.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace sslsniff {
namespace {

using std::chrono::nanoseconds;

TEST(Time, Rfc3339HasNineFractionDigits) {
    EXPECT_EQ(rfc3339(Timestamp(nanoseconds(0))), "1970-01-01T00:00:00.000000000Z");
    EXPECT_EQ(rfc3339(Timestamp(nanoseconds(1'769'860'801'123'456'789))), "2026-01-31T12:00:01.123456789Z");
    EXPECT_EQ(rfc3339(Timestamp(nanoseconds(-1))), "1969-12-31T23:59:59.999999999Z");
    EXPECT_EQ(rfc3339(Timestamp(nanoseconds(951'782'400'000'000'000))), "2000-02-29T00:00:00.000000000Z");
    EXPECT_EQ(TimeText(Timestamp(nanoseconds(7))).view(), "1970-01-01T00:00:00.000000007Z");
    EXPECT_EQ(rfc3339(Timestamp::max()), "2262-04-11T23:47:16.854775807Z");
    EXPECT_EQ(rfc3339(Timestamp::min()), "1677-09-21T00:12:43.145224192Z");
}

TEST(Time, ParsesWhatItPrints) {
    for (std::int64_t value = 1; value < std::numeric_limits<std::int64_t>::max() / 3 && value > 0;
         value *= 3) {
        for (const std::int64_t signed_value : {value, -value}) {
            Timestamp parsed;
            ASSERT_TRUE(parse_rfc3339(rfc3339(Timestamp(nanoseconds(signed_value))), parsed)) << signed_value;
            EXPECT_EQ(parsed.time_since_epoch().count(), signed_value);
        }
    }
}

TEST(Time, AnyNumberOfFractionDigitsUpToNine) {
    Timestamp time;
    ASSERT_TRUE(parse_rfc3339("1970-01-01T00:00:01Z", time));
    EXPECT_EQ(time.time_since_epoch(), std::chrono::seconds(1));
    ASSERT_TRUE(parse_rfc3339("1970-01-01T00:00:00.25Z", time));
    EXPECT_EQ(time.time_since_epoch(), std::chrono::milliseconds(250));
}

TEST(Time, RefusesEverythingElse) {
    for (const char* text :
         {"", "Z", "1970-01-01", "1970-01-01T00:00:00", "1970-01-01T00:00:00+00:00", "1970-01-01T00:00:00.Z",
          "1970-01-01T00:00:00.1234567890Z", "1970-01-01T00:00:00.12-Z", "1970-13-01T00:00:00Z",
          "1970-02-30T00:00:00Z", "1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z", "1970-01-01T00:00:00Zx",
          "1970-01-01 00:00:00Z", "9999-01-01T00:00:00Z", "+970-01-01T00:00:00Z", "-970-01-01T00:00:00Z"}) {
        Timestamp time;
        EXPECT_FALSE(parse_rfc3339(text, time)) << text;
    }
}

}  // namespace
}  // namespace sslsniff
