#include "protocols/http2/http2_parser.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "unit/protocols/hpack/hpack_support.h"
#include "unit/protocols/http2/http2_support.h"

namespace sslsniff::http2 {
namespace {

using hpack::unhex;

std::string parse(const Traffic& traffic, bool midstream = false) {
    RecordingHost host;
    const auto parser = create_http2(host, ParserLimits{});
    if (midstream) {
        join(*parser);
    }
    run(host, *parser, traffic);
    return host.text();
}

const std::string kPrefaceText = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const std::string kSettings = frame(4, 0, 0, "");
const std::string kGet = unhex("828784418cf1e3c2e5f23a6ba0ab90f4ff");  // GET https://www.example.com/
const std::string kHead = unhex(
    "4204"
    "48454144"
    "878441"
    "0161");  // HEAD https://a/
const std::string kOk = unhex("88");
const std::string kHashEmpty = fmt::format("{:x}", std::hash<std::string>()(""));

std::string body(std::string_view bytes) {
    return fmt::format(" body {:x}", std::hash<std::string>()(std::string(bytes)));
}

Traffic opening() {
    return {{Direction::sent, kPrefaceText + kSettings}, {Direction::received, kSettings}};
}
/// A connection's beginning and then this.
Traffic opened(std::initializer_list<Chunk> more) {
    Traffic traffic = opening();
    traffic.insert(traffic.end(), more);
    return traffic;
}
Chunk sent(std::string bytes) {
    return {Direction::sent, std::move(bytes)};
}
Chunk received(std::string bytes) {
    return {Direction::received, std::move(bytes)};
}

TEST(Http2, PairsRequestAndResponse) {
    EXPECT_EQ(
        parse(opened({sent(frame(1, 5, 1, kGet)), received(frame(1, 4, 1, kOk) + frame(0, 1, 1, "hello"))})),
        "1 GET https://www.example.com/ -> 200 up 0 down 5" + body("") + body("hello") + "\n");
}

TEST(Http2, ClientThatLeavesWithAllOfTheContentMissesNothing) {
    const std::string with_length = unhex("885c0135");  // content-length: 5
    const auto left = [&](const std::string& request, const std::string& response) {
        return parse(opened({sent(frame(1, 5, 1, request)), received(response)}));
    };
    EXPECT_EQ(left(kGet, frame(1, 4, 1, with_length) + frame(0, 0, 1, "hello")),
              "1 GET https://www.example.com/ -> 200 up 0 down 5" + body("") + body("hello") + "\n");
    EXPECT_EQ(left(kHead, frame(1, 4, 1, with_length)),
              "1 HEAD https://a/ -> 200 up 0 down 0" + body("") + body("") + "\n");
    EXPECT_EQ(left(kGet, frame(1, 4, 1, unhex("89"))),  // 204
              "1 GET https://www.example.com/ -> 204 up 0 down 0" + body("") + body("") + "\n");
    EXPECT_NE(left(kGet, frame(1, 4, 1, with_length) + frame(0, 0, 1, "hell"))
                  .find("connection ended before the stream did"),
              std::string::npos);
    EXPECT_NE(left(kGet, frame(1, 4, 1, kOk) + frame(0, 0, 1, "hello"))
                  .find("connection ended before the stream did"),
              std::string::npos);
}

TEST(Http2, SetsTheRole) {
    RecordingHost host;
    const auto parser = create_http2(host, ParserLimits{});
    parser->feed(Direction::received, kPrefaceText, Timestamp());
    EXPECT_EQ(host.connection().role, Role::server);
}

TEST(Http2, JoinsContinuationsPaddingAndPriority) {
    const std::string padded = std::string("\x03\0\0\0\0\x10", 6) + kGet.substr(0, 2) + std::string(3, '\0');
    EXPECT_EQ(parse(opened({sent(frame(1, 0x29, 1, padded) + frame(9, 0, 1, kGet.substr(2, 1)) +
                                 frame(9, 4, 1, kGet.substr(3))),
                            received(frame(1, 4, 1, kOk) + frame(0, 9, 1, std::string("\2hi\0\0", 5)))})),
              "1 GET https://www.example.com/ -> 200 up 0 down 2" + body("") + body("hi") + "\n");
}

TEST(Http2, KeepsInformationalResponsesAndTrailers) {
    EXPECT_EQ(parse(opened({sent(frame(1, 5, 1, kGet)), received(frame(1, 4, 1, unhex("4803313033")) +
                                                                 frame(1, 4, 1, kOk) + frame(0, 0, 1, "x") +
                                                                 frame(1, 5, 1,
                                                                       unhex("000161"
                                                                             "0162")))})),
              "1 GET https://www.example.com/ -> 200 up 0 down 1 early 103" + body("") + body("x") +
                  " trailer a=b\n");
}

TEST(Http2, ShowsPushes) {
    EXPECT_EQ(
        parse(opened({sent(frame(1, 5, 1, kGet)), received(frame(5, 4, 1, std::string("\0\0\0\2", 4) + kGet) +
                                                           frame(1, 5, 2, kOk) + frame(1, 5, 1, kOk))})),
        "2 GET https://www.example.com/ -> 200 up 0 down 0" + body("") + body("") + "\n" +
            "1 GET https://www.example.com/ -> 200 up 0 down 0" + body("") + body("") + "\n");
}

TEST(Http2, ShowsResets) {
    EXPECT_EQ(parse(opened({sent(frame(1, 5, 1, kGet)), sent(frame(3, 0, 1, unhex("00000008")))})),
              "1 GET https://www.example.com/ -> reset CANCEL up 0 down 0" + body("") +
                  " [reset by the client: CANCEL]\n");
}

TEST(Http2, EndsEarlyAnswersByResetWithoutError) {
    EXPECT_EQ(parse(opened({sent(frame(1, 4, 1, kGet) + frame(0, 0, 1, "abc")),
                            received(frame(1, 5, 1, kOk) + frame(3, 0, 1, unhex("00000000")))})),
              "1 GET https://www.example.com/ -> 200 up 3 down 0" + body("abc") + body("") +
                  " [reset by the server: NO_ERROR]\n");
}

TEST(Http2, ShowsWhatGoawayRefuses) {
    EXPECT_EQ(
        parse(opened({sent(frame(1, 5, 1, kGet) + frame(1, 5, 3, kGet)), received(frame(7, 0, 0,
                                                                                        unhex("00000001"
                                                                                              "0000000b")) +
                                                                                  frame(1, 5, 1, kOk))})),
        "3 GET https://www.example.com/ ->  up 0 down 0" + body("") +
            " [refused: connection closed by the server: GOAWAY ENHANCE_YOUR_CALM]\n" +
            "1 GET https://www.example.com/ -> 200 up 0 down 0" + body("") + body("") + "\n");
}

TEST(Http2, AnswersHeadAndConnect) {
    const std::string connect = unhex(
        "4207434f4e4e454354"
        "4103613a31");
    EXPECT_EQ(parse(opened({sent(frame(1, 5, 1, kHead)), received(frame(1, 5, 1, kOk)),
                            sent(frame(1, 4, 3, connect)), received(frame(1, 4, 3, kOk)),
                            sent(frame(0, 1, 3, "up")), received(frame(0, 1, 3, "down"))})),
              "1 HEAD https://a/ -> 200 up 0 down 0" + body("") + body("") + "\n" +
                  "3 CONNECT a:1 -> 200 up 2 down 4" + body("up") + body("down") + "\n");
}

TEST(Http2, AnswersTheUpgradedRequestOnStreamOne) {
    RecordingHost host;
    HttpRequest request;
    request.method = "GET";
    request.url = "http://h/";
    const auto parser = create_http2_upgraded(host, ParserLimits{},
                                              {request, HttpResponse{}, Timestamp(std::chrono::seconds(1))});
    run(host, *parser,
        {sent(kPrefaceText + kSettings), received(kSettings + frame(1, 4, 1, kOk) + frame(0, 1, 1, "hi"))});
    EXPECT_EQ(host.text(), "1 GET http://h/ -> 200 up 0 down 2" + body("") + body("hi") + "\n");
    EXPECT_EQ(host.recorded.at(0).timing.start, Timestamp(std::chrono::seconds(1)));
}

TEST(Http2, SaysUnknownOfAnUpgradedRequestThatPassedBefore) {
    RecordingHost host;
    const auto parser = create_http2_upgraded(host, ParserLimits{}, {HttpRequest{}, HttpResponse{}, {}});
    run(host, *parser, {received(kSettings + frame(1, 4, 1, kOk) + frame(0, 1, 1, "hi"))});
    EXPECT_TRUE(host.text().starts_with("1 <unknown> <unknown> -> 200 up 0 down 2")) << host.text();
    EXPECT_EQ(host.recorded.at(0).integrity.reason, "beginning of the request not seen");
}

TEST(Http2, PassesHugeFramesThrough) {
    const std::string big(5'000'000, 'x');
    RecordingHost host;
    ParserLimits limits;
    limits.max_body = 10;
    const auto parser = create_http2(host, limits);
    run(host, *parser,
        cut(opened({sent(frame(1, 5, 1, kGet)), received(frame(1, 4, 1, kOk) + frame(0, 1, 1, big))}),
            16384));
    EXPECT_EQ(host.text(), "1 GET https://www.example.com/ -> 200 up 0 down 5000000" + body("") +
                               body("xxxxxxxxxx") + "\n");
}

TEST(Http2, BoundsOpenStreams) {
    RecordingHost host;
    const auto parser = create_http2(host, ParserLimits{});
    Traffic traffic = opening();
    for (std::uint32_t id = 1; id < 6000; id += 2) {
        traffic.push_back(sent(frame(1, 5, id, kOk == "" ? kGet : unhex("828784"))));
    }
    for (const Chunk& chunk : traffic) {
        parser->feed(chunk.direction, chunk.bytes, Timestamp());
    }
    EXPECT_EQ(host.recorded.size(), 3000U - ParserLimits{}.max_pending);
    EXPECT_EQ(host.recorded[0].integrity.reason, "too many streams are open");
    parser->finish(Timestamp());
    EXPECT_EQ(host.recorded.size(), 3000U);
}

std::string literal(std::string_view name, const std::string& value) {
    return std::string(1, '\0') + static_cast<char>(name.size()) + std::string(name) +
           static_cast<char>(value.size()) + value;
}

TEST(Http2, BoundsTrailersAndEarlyResponses) {
    RecordingHost host;
    ParserLimits limits;
    limits.max_headers = 1000;
    const auto parser = create_http2(host, limits);
    const std::string value(100, 'v');
    Traffic traffic = opened({sent(frame(1, 5, 1, kGet))});
    for (int i = 0; i < 1000; ++i) {
        traffic.push_back(received(frame(1, 4, 1, std::string("\x08\x03") + "103" + literal("link", value))));
    }
    traffic.push_back(received(frame(1, 4, 1, kOk)));
    for (int i = 0; i < 1000; ++i) {
        traffic.push_back(received(frame(1, 4, 1, literal("t", value))));
    }
    for (const Chunk& chunk : traffic) {
        parser->feed(chunk.direction, chunk.bytes, Timestamp());
    }
    EXPECT_LT(parser->held(), 50'000U);
    parser->feed(Direction::received, frame(0, 1, 1, ""), Timestamp());
    ASSERT_EQ(host.recorded.size(), 1U);
    const Http2Exchange& stream = host.recorded[0].stream();
    EXPECT_GT(stream.informational.size(), 4U);
    EXPECT_LT(stream.informational.size(), 8U);
    EXPECT_EQ(stream.informational_omitted, 1000 - stream.informational.size());
    EXPECT_GT(stream.response->trailers.size(), 4U);
    EXPECT_LT(stream.response->trailers.size(), 9U);
    EXPECT_TRUE(stream.response->trailers_truncated);
    EXPECT_EQ(stream.response->status, 200);
}

std::string expected(const Conversation::Call& call, std::size_t index) {
    return fmt::format("{} {} https://host.test{} -> {} up {} down {}{}{}{}\n", 2 * index + 1, call.method,
                       call.path, call.status, call.request_body.size(), call.response_body.size(),
                       body(call.request_body), body(call.response_body),
                       call.trailers ? " trailer x-sum=done" : "");
}

TEST(Http2, UnderstandsNghttp2HoweverItIsCut) {
    for (unsigned seed = 1; seed <= 5; ++seed) {
        const Conversation conversation = converse(seed, 60);
        std::map<std::uint32_t, std::string> lines;
        RecordingHost host;
        const auto parser = create_http2(host, ParserLimits{});
        run(host, *parser, conversation.traffic);
        ASSERT_EQ(host.recorded.size(), conversation.calls.size());
        for (const auto& recorded : host.recorded) {
            const std::uint32_t id = recorded.stream().stream_id;
            EXPECT_EQ(describe(recorded), expected(conversation.calls[id / 2], id / 2));
        }
        for (const std::size_t size : {1U, 2U, 3U, 7U, 9U, 10U, 1000U}) {
            EXPECT_EQ(parse(cut(conversation.traffic, size)), host.text()) << size;
        }
    }
}

/// Whatever is shown of a call is right or marked unknown.
void expect_right(const RecordingHost& host, const Conversation& conversation) {
    for (const auto& recorded : host.recorded) {
        const Http2Exchange& stream = recorded.stream();
        ASSERT_EQ(stream.stream_id % 2, 1U) << describe(recorded);
        ASSERT_LT(stream.stream_id / 2, conversation.calls.size());
        const Conversation::Call& call = conversation.calls[stream.stream_id / 2];
        if (stream.request) {
            EXPECT_TRUE(stream.request->method == call.method || stream.request->method == kUnknownText);
            EXPECT_TRUE(stream.request->target == call.path || stream.request->target == kUnknownText);
            EXPECT_LE(stream.request->body.size, call.request_body.size());
            EXPECT_TRUE(call.request_body.starts_with(stream.request->body.captured));
        }
        if (stream.response) {
            EXPECT_TRUE(stream.response->status == call.status || stream.response->status == 0);
            EXPECT_LE(stream.response->body.size, call.response_body.size());
            EXPECT_TRUE(call.response_body.starts_with(stream.response->body.captured));
        }
        if (recorded.integrity.complete) {
            EXPECT_EQ(describe(recorded), expected(call, stream.stream_id / 2));
        }
    }
}

TEST(Http2, ShowsWhatIsRightAfterEveryJoin) {
    const Conversation conversation = converse(11, 60);
    std::size_t both = 0;
    std::size_t known = 0;
    std::size_t paths = 0;
    for (std::size_t join = 0; join < conversation.traffic.size(); ++join) {
        for (const std::size_t offset : {std::size_t{0}, conversation.traffic[join].bytes.size() / 3}) {
            SCOPED_TRACE(fmt::format("join {} offset {}", join, offset));
            Traffic rest(conversation.traffic.begin() + static_cast<std::ptrdiff_t>(join),
                         conversation.traffic.end());
            rest.front().bytes.erase(0, offset);
            RecordingHost host;
            const auto parser = create_http2(host, ParserLimits{});
            sslsniff::http2::join(*parser);
            run(host, *parser, rest);
            expect_right(host, conversation);
            for (const auto& recorded : host.recorded) {
                const Http2Exchange& stream = recorded.stream();
                both += stream.request && stream.response ? 1 : 0;
                known += stream.request && stream.response && stream.request->method != kUnknownText &&
                                 stream.response->status != 0
                             ? 1
                             : 0;
                paths += stream.request && stream.request->target != kUnknownText ? 1 : 0;
            }
            if (join % 10 == 0) {
                EXPECT_EQ(parse(cut(rest, 1), true), host.text());
            }
        }
    }
    EXPECT_GT(known, both / 2);  // all but those that are not in the static table
    EXPECT_GT(paths, both / 4);  // as they become known
}

TEST(Http2, ShowsWhatIsRightAroundEveryGap) {
    const Conversation conversation = converse(12, 40);
    std::size_t shown = 0;
    for (std::size_t lost = 0; lost < conversation.traffic.size(); ++lost) {
        for (const bool size_known : {true, false}) {
            for (const std::size_t keep : {std::size_t{0}, conversation.traffic[lost].bytes.size() / 2}) {
                SCOPED_TRACE(fmt::format("lost {} keep {} known {}", lost, keep, size_known));
                RecordingHost host;
                const auto parser = create_http2(host, ParserLimits{});
                for (std::size_t i = 0; i < conversation.traffic.size(); ++i) {
                    const auto& [direction, bytes] = conversation.traffic[i];
                    parser->feed(direction, ByteView(bytes).substr(0, i == lost ? keep : bytes.size()),
                                 Timestamp());
                    if (i == lost) {
                        parser->gap(direction, size_known ? bytes.size() - keep : 0, Timestamp());
                    }
                }
                parser->finish(Timestamp());
                expect_right(host, conversation);
                shown += host.recorded.size();
            }
        }
    }
    EXPECT_GT(shown, conversation.traffic.size() * 4 * 35);
}

}  // namespace
}  // namespace sslsniff::http2
