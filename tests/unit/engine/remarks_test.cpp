#include "engine/remarks.h"

#include <gtest/gtest.h>

namespace sslsniff {
namespace {

using Lines = std::vector<std::string>;

const RemarkPolicy kOneTarget{false, false, [](pid_t pid) { return pid == 42; }};
const RemarkPolicy kWholeHost{true, false, [](pid_t) { return false; }};
const RemarkPolicy kEverything{true, true, [](pid_t) { return false; }};

TEST(Remarks, TellsWhatConcernsTargets) {
    const std::vector<SkippedTarget> skipped{{42, "/lib/a", "process 42 uses GnuTLS", false, {}},
                                             {0, "/bin/x", "/bin/x has no symbols", false, {}}};
    EXPECT_EQ(remarks_about(skipped, kOneTarget), (Lines{"process 42 uses GnuTLS", "/bin/x has no symbols"}));
}

TEST(Remarks, CountsTheRest) {
    const std::vector<SkippedTarget> skipped{
        {1, "", "a", false, {}}, {7, "", "b", false, {}}, {7, "", "c", false, {}}, {8, "", "d", true, {}}};
    EXPECT_EQ(remarks_about(skipped, kOneTarget), Lines{});
    EXPECT_EQ(remarks_about(skipped, kWholeHost), Lines{"2 processes cannot be captured: -v says why"});
    EXPECT_EQ(remarks_about(skipped, kEverything), (Lines{"a", "b", "c", "d"}));
}

TEST(Remarks, WhatIsCapturedAllTheSameIsNoNews) {
    const std::vector<SkippedTarget> skipped{{42, "", "curl has also loaded GnuTLS", true, {}}};
    EXPECT_EQ(remarks_about(skipped, kOneTarget), Lines{});
}

TEST(Remarks, NoMoreThanAScreenful) {
    const std::vector<SkippedTarget> skipped(100, {42, "", "no \x1b[31m", false, {}});
    const auto remarks = remarks_about(skipped, kOneTarget);
    ASSERT_EQ(remarks.size(), 11U);
    EXPECT_EQ(remarks.front().find('\x1b'), std::string::npos);
    EXPECT_EQ(remarks.back(), "90 more like these: -v shows all");
    EXPECT_EQ(remarks_about(skipped, kEverything).size(), 100U);
}

}  // namespace
}  // namespace sslsniff
