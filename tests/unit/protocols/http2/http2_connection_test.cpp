// HTTP/2 as a connection meets it: detected, switched to, joined.

#include <gtest/gtest.h>

#include "support/conversation.h"
#include "unit/protocols/hpack/hpack_support.h"
#include "unit/protocols/http2/http2_support.h"

namespace sslsniff::http2 {
namespace {

using test::Conversation;
using test::received;
using test::sent;

const std::string kPrefaceText = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const std::string kSettings = frame(4, 0, 0, "");
const std::string kGet = hpack::unhex("828784418cf1e3c2e5f23a6ba0ab90f4ff");  // GET https://www.example.com/
const std::string kOk = hpack::unhex("88");

TEST(Http2Connection, IsDetectedByItsPreface) {
    const Conversation conversation = {sent(kPrefaceText + kSettings + frame(1, 5, 1, kGet)),
                                       received(kSettings + frame(1, 4, 1, kOk) + frame(0, 1, 1, "hello"))};
    const auto expected = std::vector<std::string>{"h2 GET https://www.example.com/ -> 200 (0/5)"};
    for (std::size_t offset = 0; offset <= size_of(conversation); ++offset) {
        const auto recording = play(split_at(conversation, offset));
        EXPECT_EQ(recording.lines, expected) << offset;
        EXPECT_EQ(recording.connections.at(0).protocol, "h2");
        EXPECT_EQ(recording.connections.at(0).info.role, Role::client);
    }
    const auto server = play(from_other_end(conversation));
    EXPECT_EQ(server.lines, expected);
    EXPECT_EQ(server.connections.at(0).info.role, Role::server);
}

TEST(Http2Connection, FollowsAnUpgrade) {
    const Conversation conversation = {
        sent("GET /x HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
             "HTTP2-Settings: AAMAAABk\r\n\r\n"),
        received("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" +
                 kSettings + frame(1, 4, 1, kOk) + frame(0, 1, 1, "hi")),
        sent(kPrefaceText + kSettings + frame(1, 5, 3, kGet)), received(frame(1, 5, 3, kOk))};
    const auto expected = std::vector<std::string>{
        "http/1.1 GET https://h/x -> 101 Switching Protocols (0/0)", "h2 GET https://h/x -> 200 (0/2)",
        "h2 GET https://www.example.com/ -> 200 (0/0)"};
    for (std::size_t offset = 0; offset <= size_of(conversation); ++offset) {
        EXPECT_EQ(play(split_at(conversation, offset)).lines, expected) << offset;
    }
}

TEST(Http2Connection, IsFoundInMidstream) {
    test::Player player;
    player.open(1, true);
    const std::string again = hpack::unhex("828784be");  // :authority inserted before
    player.data(Direction::sent, frame(1, 5, 7, again));
    player.data(Direction::received, frame(1, 4, 7, kOk) + frame(0, 1, 7, "hello"));
    player.data(Direction::sent, frame(1, 5, 9, kGet));
    player.data(Direction::received, frame(1, 5, 9, kOk));
    player.close();
    EXPECT_EQ(
        player.sink.lines,
        (std::vector<std::string>{
            "h2 GET https://<unknown>/ -> 200 (0/5) incomplete: header fields refer to what passed before "
            "the capture began or in a gap",
            "h2 GET https://www.example.com/ -> 200 (0/0)"}));
}

}  // namespace
}  // namespace sslsniff::http2
