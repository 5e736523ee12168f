#include <gtest/gtest.h>
#include <zlib.h>

#include "support/conversation.h"

namespace sslsniff {
namespace {

using test::Conversation;
using test::received;
using test::sent;

const std::string kHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string chunk(const std::string& bytes) {
    char size[16];
    std::snprintf(size, sizeof(size), "%zx\r\n", bytes.size());
    return size + bytes + "\r\n";
}

TEST(Sse, ShowsEachEvent) {
    const Conversation conversation = {
        sent("GET /events HTTP/1.1\r\nHost: h\r\n\r\n"),
        received(kHead + chunk(": hello\n\ndata: one\r\n\r\nevent: tick\nid: 7\ndata: a\nda")),
        received(chunk("ta:b\n\nretry: 5\n\ndata\n\n")), received("0\r\n\r\n")};
    const std::vector<std::string> expected = {
        "sse https://h/events <- message one (0/3)",
        "sse https://h/events <- tick id=7 a\\x0ab (0/3)",
        "sse https://h/events <- message id=7 (0/0)",
        "http/1.1 GET https://h/events -> 200 OK (0/72)",
    };
    for (std::size_t offset = 0; offset <= size_of(conversation); ++offset) {
        EXPECT_EQ(play(split_at(conversation, offset)).lines, expected) << offset;
    }
    EXPECT_EQ(play(in_chunks(conversation, 1)).lines, expected);
}

/// A gzip stream that a server flushes after each piece.
class FlushedGzip {
  public:
    FlushedGzip() { deflateInit2(&stream_, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY); }
    ~FlushedGzip() { deflateEnd(&stream_); }
    FlushedGzip(const FlushedGzip&) = delete;
    FlushedGzip& operator=(const FlushedGzip&) = delete;

    std::string add(std::string plain) {
        std::string out(plain.size() + 256, '\0');
        stream_.next_in = reinterpret_cast<Bytef*>(plain.data());
        stream_.avail_in = static_cast<uInt>(plain.size());
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = static_cast<uInt>(out.size());
        deflate(&stream_, Z_SYNC_FLUSH);
        out.resize(out.size() - stream_.avail_out);
        return out;
    }

  private:
    z_stream stream_{};
};

const std::string kGzipHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n"
    "Transfer-Encoding: chunked\r\n\r\n";

TEST(Sse, ShowsEventsOfACodedStreamAsTheyCome) {
    FlushedGzip gzip;
    const Conversation conversation = {sent("GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
                                       received(kGzipHead + chunk(gzip.add("data: one\n\n"))),
                                       received(chunk(gzip.add("data: two\n\n")))};
    const std::vector<std::string> expected = {"sse https://h/ <- message one (0/3)",
                                               "sse https://h/ <- message two (0/3)"};
    for (std::size_t offset = 0; offset <= size_of(conversation); ++offset) {
        auto lines = play(split_at(conversation, offset)).lines;
        ASSERT_EQ(lines.size(), 3U) << offset;
        lines.pop_back();  // the exchange, which did not finish
        EXPECT_EQ(lines, expected) << offset;
    }
}

TEST(Sse, ShowsNothingOfACodedStreamBehindAGap) {
    FlushedGzip gzip;
    const std::string one = kGzipHead + chunk(gzip.add("data: one\n\n"));
    const Conversation conversation = {sent("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), received(one),
                                       received(chunk(gzip.add("data: two\n\n"))),
                                       received(chunk(gzip.add("data: three\n\n")))};
    const auto recording = play(with_gap(conversation, conversation[0].bytes.size() + one.size() + 6, 3));
    ASSERT_EQ(recording.lines.size(), 2U);
    EXPECT_EQ(recording.lines[0], "sse https://h/ <- message one (0/3)");
    EXPECT_FALSE(recording.integrities[1].complete);
}

/// Few bytes may become millions of events, or one without end.
TEST(Sse, GivesUpOnBombs) {
    std::string many;
    for (int i = 0; i < 200'000; ++i) {
        many += "data:\n\n";
    }
    for (const std::string& plain : {many, "data: " + std::string(20'000'000, 'x')}) {
        FlushedGzip gzip;
        std::string coded = gzip.add("data: one\n\n");
        coded += gzip.add(plain);
        const std::size_t size = coded.size();
        const auto recording =
            test::play({sent("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), received(kGzipHead + chunk(coded)),
                        received(chunk(gzip.add("data: last\n\n")))});
        ASSERT_GE(recording.lines.size(), 3U);
        EXPECT_LT(recording.lines.size(), 1030 + size / 4);
        EXPECT_EQ(recording.lines[0], "sse https://h/ <- message one (0/3)");
        const std::size_t last = recording.lines.size() - 2;  // then comes the exchange
        EXPECT_NE(recording.lines[last].find("a decompression bomb"), std::string::npos)
            << recording.lines[last];
        EXPECT_FALSE(recording.integrities[last].complete);
    }
}

/// As many events as bytes allow that are flushed one by one, at a ratio that ordinary text has.
TEST(Sse, ManyEventsAreNoBomb) {
    FlushedGzip gzip;
    Conversation conversation = {sent("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), received(kGzipHead)};
    for (int i = 0; i < 5000; ++i) {
        conversation.push_back(received(chunk(gzip.add("data: {}\n\n"))));
    }
    EXPECT_EQ(play(conversation).lines.size(), 5001U);
}

TEST(Sse, MarksTheEventAroundAGap) {
    const Conversation conversation = {sent("GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
                                       received(kHead + chunk("data: one\n\ndata: two\n\ndata: three\n\n"))};
    const std::size_t offset = size_of(conversation) - 20;
    const auto recording = play(with_gap(conversation, offset, 3));
    ASSERT_EQ(recording.lines.size(), 4U);
    EXPECT_EQ(recording.lines[0], "sse https://h/ <- message one (0/3)");
    EXPECT_FALSE(recording.integrities[2].complete && recording.integrities[1].complete);
}

}  // namespace
}  // namespace sslsniff
