#include "output/files/file_row.h"

#include <gtest/gtest.h>

namespace sslsniff {
namespace {

bool could_be(const std::string& name, const std::string& candidate) {
    return FileRow::could_be_named(name, candidate);
}

TEST(FileRowNamesTest, NumbersMayFollow) {
    EXPECT_TRUE(could_be("/var/log/x.json", "/var/log/x.json"));
    EXPECT_TRUE(could_be("/var/log/x.json", "/var/log/x.json1"));
    EXPECT_TRUE(could_be("x1", "x1"));
    EXPECT_TRUE(could_be("x1", "x123"));
    EXPECT_FALSE(could_be("x1", "x2"));
    EXPECT_FALSE(could_be("x", "x1a"));
    EXPECT_FALSE(could_be("/var/log/x.json", "/var/log/y.json"));
    EXPECT_FALSE(could_be("/var/log/x.json", "/var/log/x.jso"));
    EXPECT_FALSE(could_be("/var/log/x.json", ""));
}

TEST(FileRowNamesTest, ConversionsStandForAnythingWithinAPart) {
    EXPECT_TRUE(could_be("out-%H%M.json", "out-1259.json"));
    EXPECT_TRUE(could_be("out-%H%M.json", "out-1259.json7"));
    EXPECT_TRUE(could_be("%F/out", "2026-12-01/out"));
    EXPECT_TRUE(could_be("%Ey-%-d/%D", "26-1/12/01/26"));
    EXPECT_TRUE(could_be("out-%H.json", "out-%H.json"));
    EXPECT_FALSE(could_be("out-%H.json", "out-12.jsonx"));
    EXPECT_FALSE(could_be("out-%H.json", "out-1/2.json"));
    EXPECT_TRUE(could_be("100%", "100%"));
}

TEST(FileRowNamesTest, NothingLeadsOutOfTheFolder) {
    EXPECT_FALSE(could_be("%H/out", "../out"));
    EXPECT_FALSE(could_be("a/%H", "a/.."));
    EXPECT_TRUE(could_be("../%H.json", "../12.json"));
}

TEST(FileRowNamesTest, PatternsInNamesAreText) {
    EXPECT_TRUE(could_be("a*[b]?", "a*[b]?"));
    EXPECT_FALSE(could_be("a*", "ab"));
    EXPECT_FALSE(could_be("a[b]", "ab"));
    EXPECT_TRUE(could_be("a\\b", "a\\b3"));
}

/// Whatever a row calls its files, it may.
TEST(FileRowNamesTest, EveryNameOfARowCouldBeIts) {
    RotationOptions options{.max_size = 10, .max_files = 12, .interval = std::chrono::hours(1)};
    FileRow row("/tmp/%Y-%m-%d/out.%H", options);
    Timestamp now{};
    for (int i = 0; i < 40; ++i) {
        EXPECT_TRUE(could_be("/tmp/%Y-%m-%d/out.%H", row.file_name(now))) << row.file_name(now);
        now += std::chrono::minutes(20);
        row.is_due(now, 11);
        row.advance(now);
    }
}

}  // namespace
}  // namespace sslsniff
