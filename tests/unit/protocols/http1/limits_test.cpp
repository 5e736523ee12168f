// Memory is bounded and time is linear, whatever the peers send.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <time.h>

#include <algorithm>
#include <chrono>
#include <functional>

#include "conversations.h"

namespace sslsniff {
namespace {

using test::play;
using test::Player;
using test::received;
using test::Recording;
using test::sent;
using Lines = std::vector<std::string>;

StreamLimits small_limits() {
    StreamLimits limits;
    limits.parser.max_body = 4;
    limits.parser.max_headers = 200;
    limits.parser.max_pending = 2;
    return limits;
}

TEST(Http1Limits, BodiesKeepTheirBeginningAndTrueSize) {
    const Recording recording = play({sent("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabcdef"),
                                      received("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
                                               test::chunk("123") + test::chunk("456") + "0\r\n\r\n")},
                                     small_limits());
    EXPECT_EQ(recording.lines, Lines{"http/1.1 POST https://h/ -> 200 OK (6/6)"});
    EXPECT_NE(recording.fields[0].find("body=(6 0 \"abcd\")"), std::string::npos);
    EXPECT_NE(recording.fields[0].find("body=(6 0 \"1234\")"), std::string::npos);
}

TEST(Http1Limits, ManyHeadersAreCutAndMarked) {
    std::string request = "GET / HTTP/1.1\r\nHost: h\r\n";
    for (int i = 0; i < 1000; ++i) {
        request += fmt::format("X-{}: value\r\n", i);
    }
    const Recording recording = play(
        {sent(request + "\r\n"), received("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")}, small_limits());
    EXPECT_EQ(recording.lines, Lines{"http/1.1 GET https://h/ -> 200 OK (0/1)"});
    EXPECT_NE(recording.fields[0].find("headers_truncated=true"), std::string::npos);
    EXPECT_EQ(recording.fields[0].find("X-100"), std::string::npos);
}

TEST(Http1Limits, LongHeaderIsCutAndFramingStillRight) {
    const Recording recording = play(
        {sent("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(100'000, 'x') +
              "\r\nContent-Length: 3\r\n\r\nabc"),
         received("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x') + "\r\nContent-Length: 1\r\n\r\nx"),
         sent("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n"), received("HTTP/1.1 204 N\r\n\r\n")},
        small_limits());
    EXPECT_EQ(recording.lines,
              (Lines{"http/1.1 GET https://h/ -> 200 OK (3/1)", "http/1.1 GET https://h/2 -> 204 N (0/0)"}));
    EXPECT_LT(recording.fields[0].size(), 1000U);
}

TEST(Http1Limits, LongTargetIsCut) {
    StreamLimits limits = small_limits();
    limits.max_detection = 200'000;
    const Recording recording =
        play({sent("GET /" + std::string(10'000, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n"),
              received("HTTP/1.1 204 N\r\n\r\n")},
             limits);
    ASSERT_EQ(recording.lines.size(), 1U);
    EXPECT_LT(recording.fields[0].size(), 1000U);
    EXPECT_NE(recording.fields[0].find("headers_truncated=true"), std::string::npos);
}

TEST(Http1Limits, EarlyResponsesAreBoundedAsAWhole) {
    for (const std::string field : {"", "Link: </a>\r\n"}) {
        Player player(small_limits());
        player.open();
        player.data(Direction::sent, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        for (int i = 0; i < 1000; ++i) {
            player.data(Direction::received, "HTTP/1.1 103 Early Hints\r\n" + field + "\r\n");
        }
        const std::size_t held = player.table.held();
        player.data(Direction::received, "HTTP/1.1 204 N\r\n\r\n");
        EXPECT_LT(held, 50'000U);
        EXPECT_EQ(player.sink.lines, Lines{"http/1.1 GET https://h/ -> 204 N (0/0)"});
        const std::string& fields = player.sink.fields[0];
        std::size_t kept = 0;
        for (std::size_t at = fields.find("status=103"); at != std::string::npos;
             at = fields.find("status=103", at + 1)) {
            ++kept;
        }
        EXPECT_GE(kept, 2U);
        EXPECT_LE(kept, 4U);
        EXPECT_NE(fields.find(fmt::format("informational_omitted={}", 1000 - kept)), std::string::npos)
            << fields;
        EXPECT_NE(player.sink.details[0].find(fmt::format("{} more 1xx responses", 1000 - kept)),
                  std::string::npos);
    }
}

TEST(Http1Limits, TrailersAreCutAndMarked) {
    std::string response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    for (int i = 0; i < 1000; ++i) {
        response += fmt::format("X-{}: value\r\n", i);
    }
    const Recording recording =
        play({sent("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), received(response + "\r\n")}, small_limits());
    EXPECT_EQ(recording.lines, Lines{"http/1.1 GET https://h/ -> 200 OK (0/0)"});
    EXPECT_NE(recording.fields[0].find("trailers_truncated=true"), std::string::npos);
    EXPECT_EQ(recording.fields[0].find("X-100"), std::string::npos);
}

TEST(Http1Limits, CountersStopAtTheirGreatestValue) {
    constexpr std::uint64_t kMost = UINT64_MAX;
    Player player;
    player.open();
    player.data(Direction::sent, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    player.data(Direction::received, "HTTP/1.1 200 OK\r\n\r\n");
    for (int i = 0; i < 3;
         ++i) {  // a body until close, of which a hostile recording says that it misses so much
        player.table.on_event(GapEvent{Player::id(1), player.tick(), Direction::received,
                                       i == 0 ? 40 : kMost / 2 * static_cast<std::uint64_t>(i), kMost / 2,
                                       LossCause::snaplen});
    }
    player.close();
    player.finish();
    ASSERT_EQ(player.sink.integrities.size(), 1U);
    EXPECT_GE(player.sink.integrities[0].missing_bytes, kMost - 100);
    EXPECT_GE(player.sink.summary->missing_bytes, kMost - 100);
    EXPECT_EQ(player.sink.summary->losses.at(0).bytes, kMost);
    EXPECT_EQ(player.sink.connections.at(0).received.bytes, kMost);
}

TEST(Http1Limits, TooManyPendingRequestsAreGivenUpInOrder) {
    Player player(small_limits());
    player.open();
    for (int i = 1; i <= 4; ++i) {
        player.data(Direction::sent, fmt::format("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", i));
    }
    for (int i = 1; i <= 4; ++i) {
        player.data(Direction::received, fmt::format("HTTP/1.1 20{} X\r\nContent-Length: 0\r\n\r\n", i));
    }
    EXPECT_EQ(
        player.sink.lines,
        (Lines{"http/1.1 GET https://h/1 ->  (0/0) incomplete: too many requests are waiting for responses",
               "http/1.1 GET https://h/2 ->  (0/0) incomplete: too many requests are waiting for responses",
               "http/1.1  -> 201 X (0/0) incomplete: request no longer kept",
               "http/1.1  -> 202 X (0/0) incomplete: request no longer kept",
               "http/1.1 GET https://h/3 -> 203 X (0/0)", "http/1.1 GET https://h/4 -> 204 X (0/0)"}));
}

TEST(Http1Limits, ResponsesWaitForTheirRequestsOnlySoLong) {
    constexpr ByteView kResponse = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    const std::string not_seen = "http/1.1  -> 200 OK (0/0) incomplete: request not seen, midstream";
    Player player(small_limits());
    player.open();
    player.data(Direction::sent, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    player.data(Direction::received, kResponse);
    player.data(Direction::received, kResponse);
    player.data(Direction::received, kResponse);
    Lines lines{"http/1.1 GET https://h/ -> 200 OK (0/0)"};
    EXPECT_EQ(player.sink.lines, lines);  // two may be reported before their requests
    player.data(Direction::received, kResponse);
    lines.insert(lines.end(), 3, not_seen);
    player.sink.lines[1] += ", midstream";
    player.sink.lines[2] += ", midstream";
    EXPECT_EQ(player.sink.lines, lines);
    player.data(Direction::received, kResponse);
    lines.push_back(not_seen);
    EXPECT_EQ(player.sink.lines, lines);  // the others are not even kept
    // Nothing is outstanding when the next request begins.
    player.data(Direction::sent, "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
    player.data(Direction::received, kResponse);
    lines.emplace_back("http/1.1 GET https://h/2 -> 200 OK (0/0)");
    EXPECT_EQ(player.sink.lines, lines);
}

TEST(Http1Limits, UnaskedResponsesPassARequestThatDoesNotEnd) {
    Player player(small_limits());
    player.open();
    player.data(Direction::sent, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n");
    for (int i = 0; i < 100; ++i) {
        player.data(Direction::received, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
    EXPECT_EQ(player.sink.lines.size(), 99U);
    player.data(Direction::sent, "123456789");
    EXPECT_EQ(player.sink.lines.size(), 100U);
    EXPECT_EQ(player.sink.lines.back(), "http/1.1 POST https://h/ -> 200 OK (9/0)");
}

TEST(Http1Limits, RequestsHeldForADecisionAreAllRead) {
    constexpr ByteView kRequest = "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: q\r\n\r\n";
    for (const std::size_t per_call :
         {std::size_t{1}, std::size_t{7}, std::size_t{10'000}}) {  // the last is more than is held
        StreamLimits limits;
        limits.parser.max_pending = 20'000;
        Player player(limits);
        player.open();
        for (std::size_t sent = 0; sent < 10'000; sent += std::min(per_call, 10'000 - sent)) {
            std::string call;
            for (std::size_t i = 0; i < std::min(per_call, 10'000 - sent); ++i) {
                call += kRequest;
            }
            player.data(Direction::sent, call);
        }
        for (int i = 0; i < 10'000; ++i) {
            player.data(Direction::received, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
        EXPECT_EQ(player.sink.lines, Lines(10'000, "http/1.1 GET https://h/ -> 200 OK (0/0)")) << per_call;
    }
}

TEST(Http1Limits, HugeBodyCostsNothing) {
    Player player;
    player.open();
    player.data(Direction::sent, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    player.data(Direction::received, "HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n");
    const std::string call(1 << 20, 'x');
    for (int i = 0; i < 10 * 1024; ++i) {
        player.data(Direction::received, call);
    }
    EXPECT_EQ(player.sink.lines, Lines{"http/1.1 GET https://h/ -> 200 OK (0/10737418240)"});
}

TEST(Http1Limits, OptimisticTunnelDataIsHeldOnlySoFar) {
    Player player;
    player.open();
    player.data(Direction::sent, "CONNECT in:443 HTTP/1.1\r\nHost: in\r\n\r\n");
    for (int i = 0; i < 100; ++i) {
        player.data(Direction::sent, std::string(16'384, '\x17'));
    }
    player.data(Direction::received, "HTTP/1.1 200 OK\r\n\r\n");
    EXPECT_EQ(player.sink.lines, Lines{"http/1.1 CONNECT in:443 -> 200 OK (0/0)"});
}

Duration cpu_time() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

/// Four times the bytes take about four times the work; with the square of their number it would be sixteen
/// times. Measured in processor time of this thread, against each other, until noise is out of the way.
void expect_linear(const std::function<void(std::size_t)>& work) {
    const auto measure = [&](std::size_t size) {
        const Duration begin = cpu_time();
        work(size);
        return cpu_time() - begin;
    };
    Duration small = Duration::max();
    Duration large = Duration::max();
    for (int attempt = 0; attempt < 3 || (attempt < 20 && large / 9 >= small); ++attempt) {
        small = std::min(small, measure(1 << 14));
        large = std::min(large, measure(1 << 16));
    }
    EXPECT_LT(large / 9, small) << large.count() << " ns, " << small.count() << " ns";
}

TEST(Http1Linear, ByteByByte) {
    expect_linear([](std::size_t size) {
        play(test::in_chunks(
            {sent("GET /" + std::string(1000, 'x') + " HTTP/1.1\r\nX: " + std::string(size / 4, 'y') +
                  "\r\nContent-Length: 99999\r\n\r\n" + std::string(size / 2, 'z'))},
            1));
    });
}

TEST(Http1Linear, PendingRequests) {
    expect_linear([](std::size_t size) {
        std::string requests;  // fewer than are given up
        while (requests.size() < size / 4) {
            requests += "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
        }
        play({sent(requests)});
    });
}

TEST(Http1Linear, UnaskedResponses) {
    expect_linear([](std::size_t size) {
        Player player(small_limits());
        player.open();
        player.data(Direction::sent, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        for (std::size_t i = 0; i < size / 16; ++i) {
            player.data(Direction::received, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
    });
}

TEST(Http1Linear, RequestsHeldForADecision) {
    expect_linear([](std::size_t size) {
        Player player;
        player.open();
        for (std::size_t i = 0; i < size / 64; ++i) {
            player.data(Direction::sent,
                        "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: q\r\n\r\n");
        }
        for (std::size_t i = 0; i < size / 64; ++i) {
            player.data(Direction::received, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
    });
}

TEST(Http1Linear, SearchAfterAGap) {
    for (const std::string& noise : {std::string("GET /"), std::string("\n"), std::string("GET x\n"),
                                     std::string("HTTP/1.1 20\n"), std::string("P")}) {
        expect_linear([&](std::size_t size) {
            std::string bytes;
            while (bytes.size() < size) {
                bytes += noise;
            }
            Player player;
            player.open();
            player.data(Direction::sent, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
            player.unknown_gap(Direction::sent);
            for (std::size_t at = 0; at < bytes.size(); at += 3) {
                player.data(Direction::sent, ByteView(bytes).substr(at, 3));
            }
        });
    }
}

TEST(Http1Linear, UnknownProtocol) {
    StreamLimits limits;
    limits.max_detection = 1024;  // well below both sizes
    expect_linear([&](std::size_t size) {
        play(test::in_chunks({sent("GET /" + std::string(size, 'x'))}, 1), limits);
    });
}

}  // namespace
}  // namespace sslsniff
