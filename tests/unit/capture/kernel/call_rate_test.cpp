#include "capture/kernel/call_rate.h"

#include <gtest/gtest.h>

namespace sslsniff {
namespace {

using namespace std::chrono_literals;

constexpr CallRate::Clock kStart = 1h;

TEST(CallRate, CountsWhatCameSinceTheLastLook) {
    CallRate rate;
    EXPECT_FALSE(rate.is_high(kStart, 1000));
    EXPECT_FALSE(rate.is_high(kStart + 1s, 1000 + CallRate::kFewCalls));
    EXPECT_TRUE(rate.is_high(kStart + 2s, 1001 + 2 * CallRate::kFewCalls));
    EXPECT_FALSE(rate.is_high(kStart + 3s, 1001 + 2 * CallRate::kFewCalls));
}

TEST(CallRate, IsARateWhateverTheTimeBetweenLooks) {
    CallRate rate;
    rate.is_high(kStart, 0);
    EXPECT_TRUE(rate.is_high(kStart + 250ms, CallRate::kFewCalls / 4 + 1));
    EXPECT_FALSE(rate.is_high(kStart + 250ms + 10s, CallRate::kFewCalls * 5));
}

}  // namespace
}  // namespace sslsniff
