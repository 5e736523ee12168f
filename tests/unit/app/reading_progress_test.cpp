#include "app/reading_progress.h"

#include <gtest/gtest.h>

namespace sslsniff {
namespace {

using namespace std::chrono_literals;

TEST(ReadingProgress, SaysHowFarHowFastHowLong) {
    EXPECT_EQ(progress_text(250'000'000, 1'000'000'000, 2s), "reading: 25 %, 125M/s, 6 s left");
    EXPECT_EQ(progress_text(10, 10, 1s), "reading: 100 %, 10/s, 0 s left");
    EXPECT_EQ(progress_text(20, 10, 1s), "reading: 100 %, 20/s, 0 s left");  // the file has grown
}

}  // namespace
}  // namespace sslsniff
