#include "capture/kernel/loss_totals.h"

#include <gtest/gtest.h>

namespace sslsniff {
namespace {

constexpr Timestamp kNow{std::chrono::seconds(7)};

TEST(LossTotals, NothingLostIsNothingToTell) {
    LossTotals totals;
    EXPECT_EQ(totals.take(LossCause::missed, 0, 0, kNow), std::nullopt);
}

TEST(LossTotals, TellsWhatIsNew) {
    LossTotals totals;
    EXPECT_EQ(totals.take(LossCause::ring_full, 2, 100, kNow),
              (LossEvent{kNow, LossCause::ring_full, 2, 100}));
    EXPECT_EQ(totals.take(LossCause::ring_full, 2, 100, kNow), std::nullopt);
    EXPECT_EQ(totals.take(LossCause::ring_full, 5, 130, kNow),
              (LossEvent{kNow, LossCause::ring_full, 3, 30}));
}

TEST(LossTotals, CausesAreCountedApart) {
    LossTotals totals;
    EXPECT_TRUE(totals.take(LossCause::ring_full, 4, 0, kNow));
    EXPECT_EQ(totals.take(LossCause::missed, 3, 0, kNow), (LossEvent{kNow, LossCause::missed, 3, 0}));
}

TEST(LossTotals, CountersThatWentTellNothing) {
    LossTotals totals;
    EXPECT_TRUE(totals.take(LossCause::missed, 9, 0, kNow));
    EXPECT_EQ(totals.take(LossCause::missed, 4, 0, kNow), std::nullopt);
    EXPECT_EQ(totals.take(LossCause::missed, 10, 0, kNow), (LossEvent{kNow, LossCause::missed, 1, 0}));
}

}  // namespace
}  // namespace sslsniff
