// Bytes are missing: nothing crashes, nothing wrong is shown as complete, and what was not touched is right.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "conversations.h"
#include "protocols/http1/start_line.h"

namespace sslsniff {
namespace {

/// Whether `bytes` begin with such a line.
bool begins_request(ByteView bytes) {
    http1::StartLineMatcher matcher(http1::StartLineMatcher::Kind::request);
    Verdict verdict = Verdict::need_more;
    for (std::size_t at = 0; at < bytes.size() && verdict == Verdict::need_more; ++at) {
        verdict = matcher.push(bytes[at]);
    }
    return verdict == Verdict::yes;
}

using test::Conversation;
using test::Http1Case;
using test::play;
using test::Player;
using test::received;
using test::Recording;
using test::sent;
using Lines = std::vector<std::string>;

constexpr std::array<std::size_t, 5> kSizes{1, 2, 9, 40, 200};

/// What the recording calls complete must be among what really happened, request and response together.
void expect_only_truth(const Recording& recording, const Recording& truth) {
    const std::set<std::string> fields(truth.fields.begin(), truth.fields.end());
    for (std::size_t i = 0; i < recording.lines.size(); ++i) {
        if (recording.integrities[i].complete) {
            EXPECT_TRUE(fields.contains(recording.fields[i])) << recording.lines[i];
        }
    }
}

class Http1Gap : public testing::TestWithParam<Http1Case> {};

TEST_P(Http1Gap, NothingWrongIsShownAsComplete) {
    const Recording truth = play(GetParam().conversation);
    for (const std::size_t size : kSizes) {
        for (std::size_t offset = 0; offset < size_of(GetParam().conversation); ++offset) {
            SCOPED_TRACE(fmt::format("{} bytes lost from {}", size, offset));
            expect_only_truth(play(with_gap(GetParam().conversation, offset, size)), truth);
        }
    }
}

TEST_P(Http1Gap, OfUnknownSize) {
    const Recording truth = play(GetParam().conversation);
    for (std::size_t offset = 0; offset < size_of(GetParam().conversation); ++offset) {
        Player player;
        player.open();
        for (const auto& piece : with_gap(GetParam().conversation, offset, 5)) {
            if (piece.captured) {
                player.data(piece.direction, piece.bytes);
            } else {
                player.unknown_gap(piece.direction);
            }
        }
        player.close();
        SCOPED_TRACE(offset);
        expect_only_truth(player.sink, truth);
    }
}

TEST_P(Http1Gap, JoinedAtEveryOffset) {
    const Recording truth = play(GetParam().conversation);
    const bool pipelines = GetParam().name == "pipelined" || GetParam().name == "refused_upgrade";
    for (std::size_t offset = 1; offset < size_of(GetParam().conversation); ++offset) {
        Player player;
        player.open(1, true);
        std::string rest;
        for (auto& piece : with_gap(GetParam().conversation, 0, offset)) {
            if (piece.captured) {
                rest += rest.empty() ? piece.bytes : "";
                player.data(piece.direction, piece.bytes);
            }
        }
        player.close();
        SCOPED_TRACE(offset);
        // Between two pipelined requests nothing shows that responses are outstanding.
        const bool unknowable = pipelines && begins_request(rest);
        if (!unknowable) {
            expect_only_truth(player.sink, truth);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Http1, Http1Gap, testing::ValuesIn(test::http1_cases()),
                         [](const auto& test) { return test.param.name; });

/// Five exchanges, one call for each message.
Conversation exchanges(bool chunked) {
    Conversation conversation;
    for (int i = 0; i < 5; ++i) {
        const std::string body = fmt::format("body {} without line end", i);
        conversation.push_back(sent(fmt::format(
            "POST /{} HTTP/1.1\r\nHost: h\r\nX-Padding: something\r\nContent-Length: {}\r\n\r\n{}", i,
            body.size(), body)));
        conversation.push_back(received(
            chunked ? fmt::format("HTTP/1.1 21{} OK\r\nTransfer-Encoding: chunked\r\n\r\n", i) +
                          test::chunk(body) + "0\r\n\r\n"
                    : fmt::format("HTTP/1.1 21{} OK\r\nContent-Length: {}\r\n\r\n{}", i, body.size(), body)));
    }
    return conversation;
}

std::string line_of(int exchange) {
    return fmt::format("http/1.1 POST https://h/{} -> 21{} OK (23/23)", exchange, exchange);
}

/// Which of the five a gap touches.
std::set<int> touched(const Conversation& conversation, std::size_t offset, std::size_t size) {
    std::set<int> result;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < conversation.size(); ++i) {
        const std::size_t end = begin + conversation[i].bytes.size();
        if (begin < offset + size && offset < end) {
            result.insert(static_cast<int>(i / 2));
        }
        begin = end;
    }
    return result;
}

TEST(Http1Loss, UntouchedExchangesAreRight) {
    for (const bool chunked : {false, true}) {
        const Conversation conversation = exchanges(chunked);
        for (const std::size_t size : kSizes) {
            for (std::size_t offset = 0; offset < size_of(conversation); ++offset) {
                SCOPED_TRACE(fmt::format("{} bytes lost from {}", size, offset));
                const Recording recording = play(with_gap(conversation, offset, size));
                const auto lost = touched(conversation, offset, size);
                for (int i = 0; i < 5; ++i) {
                    if (lost.contains(i)) {
                        continue;
                    }
                    // When a whole response is gone, only the next gap in positions shows that it is; the
                    // exchange after it is then right but marked.
                    const auto found = std::ranges::find_if(recording.lines, [&](const std::string& line) {
                        return line.starts_with(line_of(i));
                    });
                    ASSERT_NE(found, recording.lines.end())
                        << line_of(i) << testing::PrintToString(recording.lines);
                    if (*found != line_of(i)) {
                        EXPECT_TRUE(lost.contains(i - 1)) << *found;
                    }
                }
            }
        }
    }
}

TEST(Http1Loss, KnownGapInBodyOfKnownLength) {
    Player player;
    player.open();
    player.data(Direction::sent, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    player.data(Direction::received, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
    player.gap(Direction::received, 90);
    player.data(Direction::received, "defghij");
    player.data(Direction::sent, "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
    player.data(Direction::received, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
    EXPECT_EQ(player.sink.lines,
              (Lines{"http/1.1 GET https://h/ -> 200 OK (0/100) incomplete: gap in response body, missing 90",
                     "http/1.1 GET https://h/2 -> 200 OK (0/1)"}));
    EXPECT_NE(player.sink.fields[0].find("body=(100 90 \"abc\")"), std::string::npos);
}

TEST(Http1Loss, GapInsideAChunk) {
    Player player;
    player.open();
    player.data(Direction::sent, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    player.data(Direction::received, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nabcd");
    player.gap(Direction::received, 12);
    player.data(Direction::received, "\r\n2\r\nxy\r\n0\r\n\r\n");
    EXPECT_EQ(player.sink.lines, Lines{"http/1.1 GET https://h/ -> 200 OK (0/18) incomplete: gap in response "
                                       "body, missing 12"});
}

TEST(Http1Loss, GapInBodyUntilClose) {
    Player player;
    player.open();
    player.data(Direction::sent, "GET / HTTP/1.0\r\n\r\n");
    player.data(Direction::received, "HTTP/1.0 200 OK\r\n\r\nabcd");
    player.unknown_gap(Direction::received);
    player.data(Direction::received, "efgh");
    player.close();
    EXPECT_EQ(player.sink.lines, Lines{"http/1.0 GET / -> 200 OK (0/8) incomplete: gap in response body"});
    EXPECT_NE(player.sink.fields[0].find("body=(8 0 \"abcd\")"), std::string::npos);
}

TEST(Http1Loss, ResponseWithoutItsRequestIsShownAlone) {
    Player player;
    player.open(1, true);
    player.data(Direction::received, "of a body\r\n0\r\n\r\n");
    player.data(Direction::received, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
    player.data(Direction::sent, "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
    player.data(Direction::received, "HTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nb");
    EXPECT_EQ(player.sink.lines, (Lines{"http/1.1  -> 200 OK (0/1) incomplete: request not seen, midstream",
                                        "http/1.1 GET https://h/2 -> 201 Created (0/1)"}));
}

TEST(Http1Loss, PipelinedAfterAGapIsMarked) {
    Player player;
    player.open();
    player.data(Direction::sent, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
    player.data(Direction::received, "HTTP/1.1 201 A\r\nContent-Length: 0\r\n\r\n");
    player.gap(Direction::sent, 50);
    player.data(Direction::sent, "GET /4 HTTP/1.1\r\nHost: h\r\n\r\n");
    player.data(Direction::received, "HTTP/1.1 202 B\r\nContent-Length: 0\r\n\r\n");
    player.data(Direction::received, "HTTP/1.1 203 C\r\nContent-Length: 0\r\n\r\n");
    player.data(Direction::received, "HTTP/1.1 204 D\r\n\r\n");
    EXPECT_EQ(
        player.sink.lines,
        (Lines{"http/1.1 GET https://h/1 -> 201 A (0/0)", "http/1.1 GET https://h/2 -> 202 B (0/0)",
               "http/1.1 GET https://h/4 -> 203 C (0/0) incomplete: request and response may not belong "
               "together",
               "http/1.1  -> 204 D (0/0) incomplete: request not seen, midstream"}));
}

TEST(Http1Loss, LostRequestDoesNotShiftTheNext) {
    Player player;
    player.open();
    player.data(Direction::sent, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
    player.data(Direction::received, "HTTP/1.1 201 A\r\nContent-Length: 0\r\n\r\n");
    player.gap(Direction::sent, 30);
    player.data(Direction::received, "HTTP/1.1 202 B\r\nContent-Length: 0\r\n\r\n");
    player.data(Direction::sent, "GET /3 HTTP/1.1\r\nHost: h\r\n\r\n");
    player.data(Direction::received, "HTTP/1.1 203 C\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(player.sink.lines, (Lines{"http/1.1 GET https://h/1 -> 201 A (0/0)",
                                        "http/1.1  -> 202 B (0/0) incomplete: request not seen",
                                        "http/1.1 GET https://h/3 -> 203 C (0/0)"}));
}

}  // namespace
}  // namespace sslsniff
