// Messages that are wrong are shown with their bytes, however these come.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "conversations.h"

namespace sslsniff {
namespace {

using test::Conversation;
using test::play;
using test::received;
using test::Recording;
using test::sent;
using Lines = std::vector<std::string>;

/// However it is cut into calls, and from either end.
void expect_lines(const Conversation& conversation, const Lines& lines) {
    EXPECT_EQ(play(conversation).lines, lines);
    EXPECT_EQ(play(from_other_end(conversation)).lines, lines);
    EXPECT_EQ(play(in_chunks(conversation, 1)).lines, lines);
    for (std::size_t offset = 0; offset < size_of(conversation); ++offset) {
        EXPECT_EQ(play(split_at(conversation, offset)).lines, lines) << offset;
    }
    for (const auto& integrity : play(conversation).integrities) {
        EXPECT_FALSE(integrity.joined_midstream);
    }
}

const std::string kBad = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";

std::string refused(const std::string& line, const std::string& response = "400 Bad Request (0/0)") {
    return "http/1.1  -> " + response + " incomplete: request not understood: \"" + line + "\"";
}

TEST(Http1Refused, FirstRequest) {
    for (const std::string line : {"GET", "GET\t/\tHTTP/1.1", "GET /a b HTTP/1.1", "GET / HTTP/1.2",
                                   "POST / HTTP/3.0", "DELETE / http/1.1"}) {
        SCOPED_TRACE(line);
        expect_lines({sent(line + "\r\nHost: h\r\n\r\n"), received(kBad)}, {refused(line)});
    }
}

TEST(Http1Refused, WithoutAnswer) {
    expect_lines({sent("GET / HTTP/1.2\r\nHost: h\r\n\r\n")}, {refused("GET / HTTP/1.2", " (0/0)")});
    expect_lines({sent("GET\t/ HTTP/1.1\r\n")}, {refused("GET\t/ HTTP/1.1", " (0/0)")});
}

TEST(Http1Refused, LaterRequest) {
    const Conversation good{sent("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"), received("HTTP/1.1 204 N\r\n\r\n")};
    for (const std::string line : {"GET", "hello, world", "\x16\x03\x01", "GET /\x1b[2J HTTP/1.1"}) {
        SCOPED_TRACE(line);
        Conversation conversation = good;
        conversation.push_back(sent(line + "\r\nHost: h\r\n\r\n"));
        conversation.push_back(received(kBad));
        expect_lines(conversation, {"http/1.1 GET https://h/1 -> 204 N (0/0)", refused(line)});
    }
}

TEST(Http1Refused, LongLinesAreCut) {
    expect_lines({sent("GET\t" + std::string(1000, 'x')), received(kBad)},
                 {refused("GET\t" + std::string(124, 'x'))});
}

TEST(Http1Refused, NobodyUnderstoodIt) {
    EXPECT_EQ(play({sent("\x16\x03\x01hello\r\nmore"), received(kBad)}).lines,
              Lines{refused("\x16\x03\x01hello")});
}

TEST(Http1Refused, Response) {
    for (const std::string line :
         {"HTTP/1.1  200 OK", "HTTP/1.1\t200 OK", "HTTP/1.1 OK", "HTTP/1.2 200 OK", "200 OK"}) {
        SCOPED_TRACE(line);
        expect_lines(
            {sent("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"), received(line + "\r\n\r\nbody")},
            {"http/1.1 GET https://h/1 ->  (0/0) incomplete: response not understood: \"" + line + "\""});
    }
}

}  // namespace
}  // namespace sslsniff
