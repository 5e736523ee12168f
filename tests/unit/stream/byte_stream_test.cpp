#include "stream/byte_stream.h"

#include <gtest/gtest.h>

#include <limits>

namespace sslsniff {
namespace {

constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();

TEST(ByteStream, ContiguousBytesPass) {
    ByteStream stream;
    EXPECT_EQ(stream.data(0, "abc").bytes, "abc");
    const auto next = stream.data(3, "def");
    EXPECT_EQ(next.bytes, "def");
    EXPECT_FALSE(next.gap);
    EXPECT_EQ(stream.totals().bytes, 6U);
    EXPECT_EQ(stream.totals().gaps, 0U);
    EXPECT_EQ(stream.totals().first_bytes, "abcdef");
}

TEST(ByteStream, JumpIsAGap) {
    ByteStream stream;
    stream.data(0, "abc");
    const auto next = stream.data(10, "k");
    EXPECT_EQ(next.gap, 7U);
    EXPECT_EQ(next.bytes, "k");
    EXPECT_EQ(stream.totals().bytes, 11U);
    EXPECT_EQ(stream.totals().missing, 7U);
    EXPECT_EQ(stream.totals().gaps, 1U);
    EXPECT_EQ(stream.totals().first_bytes, "abc");  // not a collage
}

TEST(ByteStream, FirstBytesAfterAGapAtTheBeginning) {
    ByteStream stream;
    stream.data(100, "abc");
    EXPECT_EQ(stream.totals().first_bytes, "abc");
    stream.data(103, std::string(100, 'x'));
    EXPECT_EQ(stream.totals().first_bytes, "abc" + std::string(61, 'x'));
}

TEST(ByteStream, OverlapIsDroppedAndCounted) {
    ByteStream stream;
    stream.data(0, "abcdef");
    EXPECT_EQ(stream.data(0, "abc").bytes, "");
    EXPECT_EQ(stream.data(4, "efgh").bytes, "gh");
    EXPECT_EQ(stream.duplicates(), 5U);
    EXPECT_EQ(stream.totals().bytes, 8U);
}

TEST(ByteStream, AnnouncedGapAndJumpCountOnce) {
    ByteStream stream;
    stream.data(0, "ab");
    EXPECT_EQ(stream.gap(2, 8), 8U);
    EXPECT_FALSE(stream.data(10, "k").gap);
    EXPECT_EQ(stream.gap(2, 8), std::nullopt);  // known already
    EXPECT_EQ(stream.gap(9, 4), 2U);            // partly
    EXPECT_EQ(stream.totals().missing, 10U);
    EXPECT_EQ(stream.next_position(), 13U);
}

TEST(ByteStream, GapBeyondTheEndIncludesWhatLiesBetween) {
    ByteStream stream;
    EXPECT_EQ(stream.gap(5, 5), 10U);
}

TEST(ByteStream, UnknownSize) {
    ByteStream stream;
    stream.data(0, "ab");
    EXPECT_EQ(stream.gap(2, 0), 0U);
    EXPECT_EQ(stream.data(2, "c").bytes, "c");
    EXPECT_EQ(stream.totals().gaps, 1U);
    EXPECT_EQ(stream.totals().missing, 0U);
    EXPECT_EQ(stream.gap(1, 0), std::nullopt);
}

TEST(ByteStream, PositionsEndInsteadOfWrapping) {
    ByteStream stream;
    EXPECT_EQ(stream.data(kMax - 1, "abc").gap, kMax - 1);
    EXPECT_EQ(stream.next_position(), kMax);
    EXPECT_EQ(stream.gap(kMax, kMax), std::nullopt);
    EXPECT_EQ(stream.data(kMax, "abc").gap, std::nullopt);
    EXPECT_EQ(stream.totals().missing, kMax - 1);
}

}  // namespace
}  // namespace sslsniff
