#include "capture/kernel/probe_scope.h"

#include <gtest/gtest.h>

namespace sslsniff {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Clock = ProbeScope::Clock;

TEST(ProbeScope, FirstNewcomerOpensToEverybody) {
    ProbeScope scope;
    EXPECT_FALSE(scope.for_everybody());
    EXPECT_TRUE(scope.on_arrival(seconds(100)));
    EXPECT_TRUE(scope.for_everybody());
    EXPECT_FALSE(scope.on_arrival(seconds(101)));  // has been done
}

/// Looks a second later than before, after others made many calls.
class BusyHost {
  public:
    explicit BusyHost(ProbeScope& scope) : scope_(scope) {}
    bool is_to_separate(Clock now) {
        calls_ += 1'000'000'000;
        return scope_.is_to_separate(now, calls_);
    }

  private:
    ProbeScope& scope_;
    std::uint64_t calls_ = 0;
};

TEST(ProbeScope, EverybodyKeepsTheProbesWhileOthersMakeFewCalls) {
    ProbeScope scope;
    scope.open();
    EXPECT_TRUE(scope.for_everybody());
    EXPECT_FALSE(scope.is_to_separate(seconds(100), 0));
    EXPECT_FALSE(scope.is_to_separate(seconds(101), 1000));
    EXPECT_FALSE(scope.is_to_separate(seconds(111), 11'000));
    EXPECT_FALSE(scope.is_to_separate(seconds(111) + milliseconds(250), 11'250));
    EXPECT_TRUE(scope.is_to_separate(seconds(111) + milliseconds(500), 11'501));
}

TEST(ProbeScope, OthersThatPayAreFreedAtOnceUnlessSomebodyCame) {
    ProbeScope scope;
    BusyHost host(scope);
    scope.open();
    EXPECT_TRUE(host.is_to_separate(seconds(100)));
    EXPECT_FALSE(scope.on_arrival(seconds(101)));
    EXPECT_FALSE(host.is_to_separate(seconds(110)));
    EXPECT_TRUE(host.is_to_separate(seconds(111)));
    scope.on_separated(seconds(111));
    EXPECT_FALSE(scope.for_everybody());
    EXPECT_FALSE(host.is_to_separate(seconds(200)));  // nothing to do
    EXPECT_TRUE(scope.on_arrival(seconds(201)));
    EXPECT_FALSE(host.is_to_separate(seconds(220)));  // longer than before: somebody came soon
    EXPECT_TRUE(host.is_to_separate(seconds(221)));
}

TEST(ProbeScope, CalmIsCountedFromTheLastNewcomer) {
    ProbeScope scope;
    scope.on_arrival(seconds(100));
    scope.on_arrival(seconds(105));
    BusyHost host(scope);
    EXPECT_FALSE(host.is_to_separate(seconds(114)));
    EXPECT_TRUE(host.is_to_separate(seconds(115)));
    scope.postpone(seconds(115));
    EXPECT_FALSE(host.is_to_separate(seconds(124)));
    EXPECT_TRUE(host.is_to_separate(seconds(125)));
}

/// How long it has to be calm after somebody came at `now`.
Clock calm_after_arrival(ProbeScope& scope, Clock now) {
    EXPECT_TRUE(scope.on_arrival(now));
    BusyHost host(scope);
    Clock calm{};
    while (!host.is_to_separate(now + calm)) {
        calm += milliseconds(500);
    }
    scope.on_separated(now + calm);
    return calm;
}

TEST(ProbeScope, WhoForksAgainAndAgainIsWaitedForLonger) {
    ProbeScope scope;
    Clock now = seconds(1);
    for (const int expected : {10, 20, 40, 80, 160, 320, 640, 640}) {
        const Clock calm = calm_after_arrival(scope, now);
        EXPECT_EQ(calm, seconds(expected));
        now += calm + seconds(30);
    }
    now += minutes(11);
    EXPECT_EQ(calm_after_arrival(scope, now), seconds(10));
}

}  // namespace
}  // namespace sslsniff
