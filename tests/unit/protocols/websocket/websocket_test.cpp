#include <gtest/gtest.h>
#include <zlib.h>

#include "protocols/websocket/extensions.h"
#include "support/conversation.h"
#include "unit/protocols/hpack/hpack_support.h"
#include "unit/protocols/http2/http2_support.h"

namespace sslsniff {
namespace {

using test::Conversation;
using test::received;
using test::sent;

/// A frame of RFC 6455 section 5.2; `first`: FIN, reserved bits, opcode.
std::string ws(unsigned first, const std::string& payload, bool masked) {
    std::string out(1, static_cast<char>(first));
    const unsigned mask_bit = masked ? 0x80 : 0;
    if (payload.size() < 126) {
        out.push_back(static_cast<char>(mask_bit | payload.size()));
    } else {
        out.push_back(static_cast<char>(mask_bit | 126));
        out.push_back(static_cast<char>(payload.size() >> 8U));
        out.push_back(static_cast<char>(payload.size()));
    }
    const std::string mask = "\x12\x34\x56\x78";
    out += masked ? mask : "";
    for (std::size_t i = 0; i < payload.size(); ++i) {
        out.push_back(masked ? static_cast<char>(payload[i] ^ mask[i % 4]) : payload[i]);
    }
    return out;
}

/// permessage-deflate's compressor.
class Deflater {
  public:
    explicit Deflater(bool takeover) : takeover_(takeover) {
        deflateInit2(&stream_, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
    }
    ~Deflater() { deflateEnd(&stream_); }
    Deflater(const Deflater&) = delete;
    Deflater& operator=(const Deflater&) = delete;
    std::string message(const std::string& plain) {
        if (!takeover_) {
            deflateReset(&stream_);
        }
        std::string out(plain.size() + 64, '\0');
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
        stream_.avail_in = static_cast<uInt>(plain.size());
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = static_cast<uInt>(out.size());
        deflate(&stream_, Z_SYNC_FLUSH);
        out.resize(out.size() - stream_.avail_out - 4);
        return out;
    }

  private:
    z_stream stream_{};
    bool takeover_;
};

Conversation upgraded(const std::string& extensions, std::initializer_list<test::Piece> more) {
    Conversation conversation = {
        sent("GET /chat HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
        received("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
                 (extensions.empty() ? "" : "Sec-WebSocket-Extensions: " + extensions + "\r\n") + "\r\n")};
    conversation.insert(conversation.end(), more);
    return conversation;
}

const std::string kHandshake = "http/1.1 GET https://h/chat -> 101 Switching Protocols (0/0)";

TEST(WebSocket, ShowsMessagesAndControlFrames) {
    const Conversation conversation = upgraded(
        "", {sent(ws(0x81, "hello", true) + ws(0x01, "frag", true) + ws(0x89, "p", true)),
             received(ws(0x8A, "p", false)), sent(ws(0x80, "mented", true)),
             received(ws(0x82, std::string("\0\1\2", 3), false) + ws(0x81, std::string(300, 'x'), false)),
             sent(ws(0x88,
                     "\x03\xE8"
                     "bye",
                     true))});
    const std::vector<std::string> expected = {
        kHandshake,
        "websocket https://h/chat -> text hello (5/0)",
        "websocket https://h/chat -> ping p (1/0)",
        "websocket https://h/chat <- pong p (0/1)",
        "websocket https://h/chat -> text fragmented (10/0)",
        "websocket https://h/chat <- binary (0/3)",
        "websocket https://h/chat <- text " + std::string(100, 'x') + "... (0/300)",
        "websocket https://h/chat -> close code=1000 bye (3/0)"};
    EXPECT_EQ(play(conversation).lines, expected);
    EXPECT_EQ(play(in_chunks(conversation, 1)).lines, expected);
    for (std::size_t offset = 0; offset <= size_of(conversation); ++offset) {
        EXPECT_EQ(play(split_at(conversation, offset)).lines, expected) << offset;
    }
    EXPECT_EQ(play(from_other_end(conversation)).lines, expected);
}

TEST(WebSocket, Inflates) {
    for (const bool takeover : {true, false}) {
        Deflater deflater(takeover);
        const std::string first = deflater.message("hello hello hello");
        const std::string second = deflater.message("hello hello hello again");
        const Conversation conversation =
            upgraded(takeover ? "permessage-deflate" : "permessage-deflate; server_no_context_takeover",
                     {received(ws(0xC1, first, false) + ws(0x41, second.substr(0, 3), false) +
                               ws(0x80, second.substr(3), false))});
        const std::vector<std::string> expected = {
            kHandshake, "websocket https://h/chat <- text hello hello hello (0/17)",
            "websocket https://h/chat <- text hello hello hello again (0/23)"};
        EXPECT_EQ(play(conversation).lines, expected);
        EXPECT_EQ(play(in_chunks(conversation, 1)).lines, expected);
    }
}

TEST(WebSocket, GoesOnBehindGaps) {
    const Conversation conversation =
        upgraded("", {received(ws(0x81, "first", false)), received(ws(0x81, "second message", false)),
                      received(ws(0x81, "third", false))});
    const std::size_t begin = size_of(conversation) - 7 - 16;
    for (std::size_t offset = begin; offset < begin + 16; ++offset) {
        const auto recording = play(with_gap(conversation, offset, 1));
        EXPECT_EQ(recording.lines.back(), "websocket https://h/chat <- text third (0/5)") << offset;
        EXPECT_EQ(recording.lines.at(1), "websocket https://h/chat <- text first (0/5)");
    }
    const auto inside = play(with_gap(conversation, begin + 5, 3));
    EXPECT_EQ(inside.lines.at(2),
              "websocket https://h/chat <- text sec... (0/14) incomplete: gap in the message, "
              "missing 3");
}

TEST(WebSocket, NeverShowsWhatItCannotInflate) {
    Deflater deflater(true);
    const std::string first = deflater.message("hello hello hello");
    const std::string second = deflater.message("hello hello hello again");
    const Conversation conversation =
        upgraded("permessage-deflate", {received(ws(0xC1, first, false)), received(ws(0xC1, second, false))});
    const auto recording = play(with_gap(conversation, size_of(conversation) - second.size() - 2 - 4, 2));
    EXPECT_EQ(recording.lines.back().find("again"), std::string::npos);
    EXPECT_FALSE(recording.integrities.back().complete);
}

TEST(WebSocket, GivesUpOnBombs) {
    for (const bool takeover : {true, false}) {
        Deflater deflater(takeover);
        Conversation conversation =
            upgraded(takeover ? "permessage-deflate" : "permessage-deflate; server_no_context_takeover",
                     {received(ws(0xC1, deflater.message("first"), false))});
        for (int i = 0; i < 10; ++i) {
            conversation.push_back(received(ws(0xC2, deflater.message(std::string(1'000'000, 'x')), false)));
        }
        // What a good coder makes of text that repeats is no bomb, if it comes before one.
        const auto recording = play(conversation);
        ASSERT_EQ(recording.lines.size(), 12U);
        EXPECT_EQ(recording.lines[1], "websocket https://h/chat <- text first (0/5)");
        EXPECT_NE(recording.lines[2].find("(0/1000000)"), std::string::npos) << recording.lines[2];
        EXPECT_NE(recording.lines[11].find("a decompression bomb"), std::string::npos) << recording.lines[11];
        std::uint64_t shown = 0;
        for (const auto& integrity : recording.integrities) {
            shown += integrity.complete ? 1 : 0;
        }
        EXPECT_LT(shown, 5U);
    }
}

TEST(WebSocket, ReadsExtensions) {
    EXPECT_FALSE(websocket::read_extensions("x-other; a=1"));
    const auto agreed = websocket::read_extensions(
        "x, permessage-deflate; client_no_context_takeover; server_max_window_bits=10");
    ASSERT_TRUE(agreed);
    EXPECT_FALSE(agreed->client.context_takeover);
    EXPECT_TRUE(agreed->server.context_takeover);
}

TEST(WebSocket, LivesInHttp2Streams) {
    using hpack::unhex;
    using http2::frame;
    // :method CONNECT, :protocol websocket, :scheme https, :path /, :authority a
    const std::string connect = unhex(
        "4207434f4e4e454354"
        "40093a70726f746f636f6c"
        "09776562736f636b6574"
        "8784"
        "410161");
    const Conversation conversation = {
        sent("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, "") + frame(1, 4, 1, connect)),
        received(frame(4, 0, 0, "") + frame(1, 4, 1, unhex("88"))),
        sent(frame(0, 0, 1, ws(0x81, "hi", true))),
        received(frame(0, 0, 1, ws(0x81, "ho", false).substr(0, 1)) +
                 frame(0, 1, 1, ws(0x81, "ho", false).substr(1))),
        sent(frame(0, 1, 1, ""))};
    EXPECT_EQ(play(conversation).lines, (std::vector<std::string>{"websocket https://a/ -> text hi (2/0)",
                                                                  "websocket https://a/ <- text ho (0/2)",
                                                                  "h2 CONNECT https://a/ -> 200 (8/4)"}));
}

/// What the standard forbids is shown, and marked.
TEST(WebSocket, ShowsViolations) {
    const std::string long_close = std::string("\x03\xE8") + std::string(300, 'C');
    const Conversation conversation =
        upgraded("", {sent(ws(0x81, "plain", false)), received(ws(0x81, "masked", true)),
                      received(ws(0x88, long_close, false) + ws(0x81, "more", false))});
    const std::vector<std::string> expected = {
        kHandshake, "websocket https://h/chat -> text plain (5/0)",
        "websocket https://h/chat <- text masked (0/6)",
        "websocket https://h/chat <- close code=1000 " + std::string(100, 'C') + "... (0/300)",
        "websocket https://h/chat <- text more (0/4)"};
    const auto recording = play(conversation);
    EXPECT_EQ(recording.lines, expected);
    EXPECT_EQ(play(in_chunks(conversation, 1)).lines, expected);
    EXPECT_NE(recording.fields[1].find("a client's frame without a mask"), std::string::npos);
    EXPECT_NE(recording.fields[2].find("a server's frame with a mask"), std::string::npos);
    EXPECT_NE(recording.fields[3].find("a control frame of more than 125 bytes"), std::string::npos);
    EXPECT_EQ(recording.fields[4].find("violation"), std::string::npos);
}

/// The size is the true one, what is kept is bounded.
TEST(WebSocket, HugeControlFramesAreBounded) {
    const auto recording = play(upgraded("", {received(ws(0x89, std::string(60'000, 'x'), false))}));
    EXPECT_EQ(recording.lines.at(1),
              "websocket https://h/chat <- ping " + std::string(100, 'x') + "... (0/60000)");
    EXPECT_LT(recording.fields[1].size(), 5000U);
}

}  // namespace
}  // namespace sslsniff
