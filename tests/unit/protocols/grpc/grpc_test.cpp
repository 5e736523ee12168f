#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "base/text.h"
#include "body/protobuf_dump.h"
#include "model/message_schema.h"
#include "support/conversation.h"
#include "unit/protocols/hpack/hpack_support.h"
#include "unit/protocols/http2/http2_support.h"

namespace sslsniff {
namespace {

using hpack::unhex;
using http2::frame;
using test::Conversation;
using test::received;
using test::sent;

std::string literal(const std::string& name, const std::string& value) {
    return std::string(1, '\0') + static_cast<char>(name.size()) + name + static_cast<char>(value.size()) +
           value;
}
std::string message(const std::string& body, unsigned flags = 0) {
    return std::string{static_cast<char>(flags), 0, 0, static_cast<char>(body.size() >> 8U),
                       static_cast<char>(body.size())} +
           body;
}

const std::string kCall = unhex("83870401612f").substr(0, 0) + unhex("8387") +
                          literal(":path", "/pkg.Greeter/Hello") + literal(":authority", "a") +
                          literal("content-type", "application/grpc+proto");
const std::string kHead = unhex("88") + literal("content-type", "application/grpc");
const std::string kOpening = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, "");
const std::string kHello = unhex(
    "0a05776f726c64"
    "1007"
    "1a021805");  // 1: "world", 2: 7, 3: {3: 5}

TEST(Grpc, DescribesAUnaryCall) {
    const Conversation conversation = {
        sent(kOpening + frame(1, 4, 1, kCall) + frame(0, 0, 1, message(kHello).substr(0, 3)) +
             frame(0, 1, 1, message(kHello).substr(3))),
        received(frame(4, 0, 0, "") + frame(1, 4, 1, kHead) + frame(0, 0, 1, message("\x0a\x02hi")) +
                 frame(1, 5, 1, literal("grpc-status", "0")))};
    for (std::size_t offset = 0; offset <= size_of(conversation); ++offset) {
        const auto recording = play(split_at(conversation, offset));
        ASSERT_EQ(recording.lines,
                  std::vector<std::string>{"grpc POST https://a/pkg.Greeter/Hello -> OK (18/9)"});
        EXPECT_NE(recording.fields[0].find("grpc{service=\"pkg.Greeter\" method=\"Hello\" "
                                           "request{messages=1 bytes=13 compressed=0 message="),
                  std::string::npos)
            << recording.fields[0];
        EXPECT_NE(recording.fields[0].find(
                      "response{messages=1 bytes=4 compressed=0 message=(4 0 \"\\x0a\\x02hi\")} "
                      "status=0 status_name=\"OK\""),
                  std::string::npos)
            << recording.fields[0];
    }
}

TEST(Grpc, ShowsEachMessageOfAStream) {
    const Conversation conversation = {
        sent(kOpening + frame(1, 4, 1, kCall) + frame(0, 1, 1, message(kHello))),
        received(frame(4, 0, 0, "") + frame(1, 4, 1, kHead) +
                 frame(0, 0, 1, message("a") + message("bb") + message("ccc")) +
                 frame(1, 5, 1, literal("grpc-status", "5") + literal("grpc-message", "not%20here")))};
    EXPECT_EQ(
        play(conversation).lines,
        (std::vector<std::string>{"grpc https://a/pkg.Greeter/Hello <- message a (0/1)",
                                  "grpc https://a/pkg.Greeter/Hello <- message bb (0/2)",
                                  "grpc https://a/pkg.Greeter/Hello <- message ccc (0/3)",
                                  "grpc POST https://a/pkg.Greeter/Hello -> NOT_FOUND: not here (18/21)"}));
}

/// Knows one service: every message is {"bytes":N}.
class FakeSchema final : public MessageSchema {
  public:
    std::optional<bool> streams(std::string_view path, Side side) const override {
        return path == "/pkg.Greeter/Hello" ? std::optional(side == Side::response) : std::nullopt;
    }
    std::string to_json(std::string_view path, Side side, ByteView bytes) const override {
        return path != "/pkg.Greeter/Hello"
                   ? ""
                   : fmt::format(R"({{"{}":{}}})", side == Side::request ? "asked" : "said", bytes.size());
    }
};

TEST(Grpc, ShowsMessagesByTheSchemaAndStreamsAtOnce) {
    const FakeSchema schema;
    StreamLimits limits;
    limits.parser.schema = &schema;
    test::Player player(limits);
    player.open();
    player.data(Direction::sent, kOpening + frame(1, 4, 1, kCall) + frame(0, 1, 1, message(kHello)));
    player.data(Direction::received,
                frame(4, 0, 0, "") + frame(1, 4, 1, kHead) + frame(0, 0, 1, message("ab")));
    EXPECT_EQ(player.sink.lines,
              std::vector<std::string>{R"(grpc https://a/pkg.Greeter/Hello <- message {"said":2} (0/2))"});
    player.data(Direction::received, frame(1, 5, 1, literal("grpc-status", "0")));
    ASSERT_EQ(player.sink.lines.size(), 2U);
    EXPECT_EQ(player.sink.lines[1], "grpc POST https://a/pkg.Greeter/Hello -> OK (18/7)");
}

TEST(Grpc, ShowsAChatAsItGoes) {
    test::Player player;
    player.open();
    player.data(Direction::sent, kOpening + frame(1, 4, 1, kCall) + frame(0, 0, 1, message("one")));
    player.data(Direction::received, frame(4, 0, 0, "") + frame(1, 4, 1, kHead));
    EXPECT_TRUE(player.sink.lines.empty()) << "may be a call of one message";
    player.data(Direction::received, frame(0, 0, 1, message("first")));
    EXPECT_EQ(player.sink.lines,
              std::vector<std::string>{"grpc https://a/pkg.Greeter/Hello -> message one (3/0)"});
    player.data(Direction::sent, frame(0, 0, 1, message("two")));
    EXPECT_EQ(player.sink.lines,
              (std::vector<std::string>{"grpc https://a/pkg.Greeter/Hello -> message one (3/0)",
                                        "grpc https://a/pkg.Greeter/Hello <- message first (0/5)",
                                        "grpc https://a/pkg.Greeter/Hello -> message two (3/0)"}));
}

TEST(Grpc, ReadsTrailersOnlyResponses) {
    const Conversation conversation = {
        sent(kOpening + frame(1, 4, 1, kCall) + frame(0, 1, 1, message(""))),
        received(frame(4, 0, 0, "") + frame(1, 5, 1, kHead + literal("grpc-status", "12")))};
    EXPECT_EQ(play(conversation).lines,
              std::vector<std::string>{"grpc POST https://a/pkg.Greeter/Hello -> UNIMPLEMENTED (5/0)"});
}

TEST(Grpc, ReadsGrpcWebOverHttp1) {
    const std::string body = message("\x0a\x02hi") + message("grpc-status: 3\r\ngrpc-message: bad\r\n", 0x80);
    for (const bool text : {false, true}) {
        const std::string coded = text ? base64(message("\x0a\x02hi")) +
                                             base64(message("grpc-status: 3\r\ngrpc-message: bad\r\n", 0x80))
                                       : body;
        const std::string type = text ? "application/grpc-web-text" : "application/grpc-web+proto";
        const Conversation conversation = {
            sent("POST /s.S/M HTTP/1.1\r\nHost: h\r\nContent-Type: " + type +
                 "\r\nContent-Length: 0\r\n\r\n"),
            received("HTTP/1.1 200 OK\r\nContent-Type: " + type +
                     "\r\nContent-Length: " + std::to_string(coded.size()) + "\r\n\r\n" + coded)};
        const auto recording = play(in_chunks(conversation, 1));
        ASSERT_EQ(recording.lines.size(), 1U);
        EXPECT_EQ(recording.lines[0], "grpc POST https://h/s.S/M -> INVALID_ARGUMENT: bad (0/" +
                                          std::to_string(coded.size()) + ")");
    }
}

TEST(Grpc, MarksMessagesWithGaps) {
    const Conversation conversation = {
        sent(kOpening + frame(1, 4, 1, kCall) + frame(0, 1, 1, message(kHello))),
        received(frame(4, 0, 0, "") + frame(1, 4, 1, kHead) + frame(0, 0, 1, message("first"))),
        received(frame(0, 0, 1, message("second one"))), received(frame(0, 0, 1, message("third"))),
        received(frame(1, 5, 1, literal("grpc-status", "0")))};
    const std::size_t second = size_of(conversation) - (9 + 2 + 11 + 2) - (9 + 10) - 6;
    const auto recording = play(with_gap(conversation, second, 3));
    ASSERT_EQ(recording.lines.size(), 4U);
    EXPECT_EQ(recording.lines[2], "grpc https://a/pkg.Greeter/Hello <- message third (0/5)");
    EXPECT_EQ(recording.integrities[1].missing_bytes, 3U);
}

TEST(Grpc, DumpsMessagesWithoutSchema) {
    EXPECT_EQ(dump_protobuf(kHello), "1: \"world\"\n2: 7\n3: {\n  3: 5\n}\n");
    EXPECT_EQ(dump_protobuf(unhex("0a02ffff"
                                  "0d01000000"
                                  "110200000000000000")),
              "1: ffff\n1: 1\n2: 2\n");
    EXPECT_EQ(dump_protobuf(unhex("1007"
                                  "ff")),
              "2: 7\n(what follows is no protobuf field)\n");
    EXPECT_EQ(dump_protobuf(unhex("0aff")), "(what follows is no protobuf field)\n");
}

TEST(Grpc, BoundsNestedDumps) {
    std::string nested;
    for (int i = 0; i < 60; ++i) {
        nested = std::string{'\x0a', static_cast<char>(nested.size())} + nested;
    }
    EXPECT_LT(dump_protobuf(nested).size(), 10'000U);
}

Conversation connect_stream(const std::string& last) {
    const std::string head = "Content-Type: application/connect+json\r\nTransfer-Encoding: chunked\r\n\r\n";
    const auto chunk = [](const std::string& bytes) {
        return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
    };
    return {sent("POST /pkg.Eliza/Talk HTTP/1.1\r\nHost: a\r\n" + head + chunk(message(R"({"q":1})")) +
                 chunk(message(R"({"q":2})")) + chunk("")),
            received("HTTP/1.1 200 OK\r\n" + head + chunk(message(R"({"a":1})")) + chunk(message(last, 2)) +
                     chunk(""))};
}

TEST(Connect, StreamsHaveTheFramesOfGrpc) {
    const std::string last = R"({"metadata":{"code":["x"]}})";
    const Conversation conversation = connect_stream(last);
    for (std::size_t offset = 0; offset <= size_of(conversation); ++offset) {
        const auto recording = play(split_at(conversation, offset));
        ASSERT_EQ(recording.lines.size(), 3U) << offset;
        EXPECT_EQ(recording.lines[0], R"(connect https://a/pkg.Eliza/Talk -> message {"q":1} (7/0))");
        EXPECT_EQ(recording.lines[1], R"(connect https://a/pkg.Eliza/Talk -> message {"q":2} (7/0))");
        EXPECT_EQ(recording.lines[2], "connect POST https://a/pkg.Eliza/Talk -> 200 OK (24/44)");
        EXPECT_NE(recording.fields[2].find("connect{service=\"pkg.Eliza\" method=\"Talk\" "
                                           "request{messages=2 bytes=14 compressed=0} "
                                           "response{messages=1 bytes=7 compressed=0 message="),
                  std::string::npos)
            << recording.fields[2];
        EXPECT_EQ(recording.fields[2].find("error="), std::string::npos);
    }
}

TEST(Connect, TheLastFrameSaysHowAStreamFailed) {
    const auto recording =
        play(connect_stream(R"({"error":{"code":"unavailable","message":"no more"},"metadata":{}})"));
    ASSERT_EQ(recording.lines.size(), 3U);
    EXPECT_NE(recording.lines[2].find("-> unavailable: no more"), std::string::npos) << recording.lines[2];
    EXPECT_NE(recording.fields[2].find(R"(error="unavailable" message="no more")"), std::string::npos);
    for (const char* const odd : {"", "[]", "{", R"({"error":7})", R"({"error":[]})",
                                  R"({"x":{"error":{"code":"no"}}})", R"({"error":{"code":"cut)"}) {
        EXPECT_EQ(play(connect_stream(odd)).fields[2].find("error="), std::string::npos) << odd;
    }
    EXPECT_EQ(play(connect_stream(std::string(200, '['))).lines.size(), 3U);
}

}  // namespace
}  // namespace sslsniff
