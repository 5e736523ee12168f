#include "app/thread_count.h"

#include <gtest/gtest.h>

namespace sslsniff {
namespace {

Options reading() {
    Options options;
    options.read_path = "a.pcap";
    return options;
}

TEST(ThreadCount, ReadingTakesTheProcessorsUpToFour) {
    EXPECT_EQ(thread_count(reading(), 1), 1U);
    EXPECT_EQ(thread_count(reading(), 2), 2U);
    EXPECT_EQ(thread_count(reading(), 3), 3U);
    EXPECT_EQ(thread_count(reading(), 64), 4U);
}

TEST(ThreadCount, ALiveCaptureLeavesProcessorsToWhatItCaptures) {
    EXPECT_EQ(thread_count(Options(), 1), 1U);
    EXPECT_EQ(thread_count(Options(), 2), 1U);
    EXPECT_EQ(thread_count(Options(), 4), 2U);
    EXPECT_EQ(thread_count(Options(), 64), 4U);
}

TEST(ThreadCount, TheOptionDecides) {
    Options options = reading();
    options.threads = 16;
    EXPECT_EQ(thread_count(options, 2), 16U);
    options.threads = 1;
    EXPECT_EQ(thread_count(options, 64), 1U);
}

TEST(ThreadCount, ThereIsAProcessor) {
    EXPECT_GE(usable_cpus(), 1U);
}

}  // namespace
}  // namespace sslsniff
