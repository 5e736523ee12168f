// Every conversation gives the same transactions however it is cut into calls, and from either end.

#include "conversations.h"

#include <gtest/gtest.h>

namespace sslsniff {
namespace {

using test::Conversation;
using test::Http1Case;
using test::Recording;

void expect_equal(const Recording& a, const Recording& b) {
    ASSERT_EQ(a.lines, b.lines);
    ASSERT_EQ(a.fields, b.fields);
    ASSERT_EQ(a.details, b.details);
    ASSERT_EQ(a.connections.size(), b.connections.size());
    for (std::size_t i = 0; i < a.connections.size(); ++i) {
        ASSERT_EQ(a.connections[i].protocol, b.connections[i].protocol);
        ASSERT_EQ(a.connections[i].sent.bytes, b.connections[i].sent.bytes);
        ASSERT_EQ(a.connections[i].received.first_bytes, b.connections[i].received.first_bytes);
    }
}

class Http1Conversation : public testing::TestWithParam<Http1Case> {};

TEST_P(Http1Conversation, Whole) {
    EXPECT_EQ(test::play(GetParam().conversation).lines, GetParam().lines);
}

TEST_P(Http1Conversation, FromTheOtherEnd) {
    const Recording recording = test::play(from_other_end(GetParam().conversation));
    EXPECT_EQ(recording.lines, GetParam().lines);
    EXPECT_EQ(recording.roles.at(0), Role::server);
}

TEST_P(Http1Conversation, InChunksOfAnySize) {
    const Recording whole = test::play(GetParam().conversation);
    for (const std::size_t size : {1U, 2U, 3U, 7U, 16U, 61U}) {
        SCOPED_TRACE(size);
        expect_equal(test::play(in_chunks(GetParam().conversation, size)), whole);
    }
}

TEST_P(Http1Conversation, SplitAtEveryOffset) {
    const Recording whole = test::play(GetParam().conversation);
    for (std::size_t offset = 0; offset < size_of(GetParam().conversation); ++offset) {
        SCOPED_TRACE(offset);
        expect_equal(test::play(split_at(GetParam().conversation, offset)), whole);
    }
}

/// A capture that joins between two messages understands the next one at once.
TEST_P(Http1Conversation, JoinedBetweenMessages) {
    test::Player player;
    player.open(1, true);
    player.play(GetParam().conversation);
    player.close();
    // Empty lines in front might be the end of something.
    EXPECT_TRUE(player.sink.lines.at(0).starts_with(GetParam().lines.at(0))) << player.sink.lines.at(0);
}

INSTANTIATE_TEST_SUITE_P(Http1, Http1Conversation, testing::ValuesIn(test::http1_cases()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace sslsniff
