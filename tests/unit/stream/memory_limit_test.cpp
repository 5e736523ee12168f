// What all connections hold together is bounded, and what they say that they hold is true.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <array>
#include <functional>
#include <map>
#include <ostream>
#include <random>

#include "base/endian.h"
#include "support/conversation.h"
#include "support/deflate.h"

namespace sslsniff {
namespace {

using test::Player;
using test::received;
using test::sent;

constexpr ByteView kResponse = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Counts, and keeps nothing: what a test measures is the table's.
class CountingSink final : public TransactionSink {
  public:
    void on_transaction(const Transaction& transaction) override {
        ++transactions;
        no_longer_kept += transaction.integrity.reason == kNoLongerKept ? 1 : 0;
    }
    void on_connection(const ConnectionRecord& record) override {
        given_up += record.reason == CloseReason::given_up ? 1 : 0;
    }
    void on_loss(const LossEvent& loss) override {
        EXPECT_EQ(loss.cause, LossCause::memory_limit);
        lost += loss.events;
        freed += loss.bytes;
    }
    void on_summary(const CaptureSummary&) override {}

    std::uint64_t transactions = 0;
    std::uint64_t no_longer_kept = 0;
    std::uint64_t given_up = 0;
    std::uint64_t lost = 0;
    std::uint64_t freed = 0;
};

/// Feeds a table and watches what it holds.
class Feeder {
  public:
    explicit Feeder(std::size_t max_memory) : max_memory_(max_memory), table(sink, limits_of(max_memory)) {}

    void open(std::uint64_t connection, Carrier carrier = Carrier::tls) {
        feed(OpenEvent{Player::id(connection), tick(), carrier, false, ""});
    }
    void data(std::uint64_t connection, Direction direction, ByteView bytes) {
        std::uint64_t& at = positions_[{connection, direction}];
        feed(DataEvent{Player::id(connection), tick(), 4242, direction, at, bytes});
        at += bytes.size();
    }
    void close(std::uint64_t connection) {
        feed(CloseEvent{Player::id(connection), tick(), CloseReason::shutdown});
    }
    Timestamp tick() { return now_ += std::chrono::milliseconds(1); }

  private:
    static StreamLimits limits_of(std::size_t max_memory) {
        StreamLimits limits;
        limits.max_memory = max_memory;
        return limits;
    }
    void feed(const CaptureEvent& event) {
        table.on_event(event);
        most = std::max(most, table.held());
        ASSERT_LE(table.held(), max_memory_);
    }

    std::size_t max_memory_;
    std::map<std::pair<std::uint64_t, Direction>, std::uint64_t> positions_;
    Timestamp now_{std::chrono::seconds(1'700'000'000)};

  public:
    std::size_t most = 0;
    CountingSink sink;
    ConnectionTable table;
};

std::string h2_frame(char type, char flags, std::uint32_t stream, ByteView payload) {
    Bytes out;
    append_be(out, static_cast<std::uint32_t>(payload.size()));
    out.erase(0, 1);
    out += type;
    out += flags;
    append_be(out, stream);
    return out.append(payload);
}

std::string noise(std::size_t size, unsigned seed) {
    std::mt19937 random(seed);
    std::string out(size, '\0');
    for (char& c : out) {
        c = static_cast<char>(random() & 0xFFU);
    }
    return out;
}

/// What connection `number` says and never finishes.
struct Flood {
    std::string name;
    std::function<void(Feeder&, std::uint64_t number)> say;
};

/// Else GoogleTest shows a flood as the bytes of its object.
void PrintTo(const Flood& flood, std::ostream* out) {
    *out << flood.name;
}

std::vector<Flood> floods() {
    const std::string field = "X: " + std::string(4000, 'x') + "\r\n";
    const std::string body(60'000, 'b');
    return {
        {"http1_requests",
         [=](Feeder& feeder, std::uint64_t number) {
             feeder.open(number);
             for (int i = 0; i < 40; ++i) {
                 feeder.data(number, Direction::sent, "GET / HTTP/1.1\r\nHost: h\r\n" + field + "\r\n");
             }
         }},
        {"http1_small_requests",
         [](Feeder& feeder, std::uint64_t number) {
             feeder.open(number);
             feeder.data(number, Direction::sent, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
         }},
        {"http1_bodies",
         [=](Feeder& feeder, std::uint64_t number) {
             feeder.open(number);
             feeder.data(number, Direction::sent,
                         "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n" + body);
             feeder.data(number, Direction::received,
                         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n" + body);
         }},
        {"http1_unasked_responses",
         [=](Feeder& feeder, std::uint64_t number) {
             feeder.open(number);
             feeder.data(number, Direction::sent, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
             for (int i = 0; i < 40; ++i) {
                 feeder.data(number, Direction::received,
                             "HTTP/1.1 200 OK\r\n" + field + "Content-Length: 0\r\n\r\n");
             }
         }},
        {"http1_early_responses",
         [=](Feeder& feeder, std::uint64_t number) {
             feeder.open(number);
             feeder.data(number, Direction::sent, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
             for (int i = 0; i < 40; ++i) {
                 feeder.data(number, Direction::received, "HTTP/1.1 103 Early Hints\r\n" + field + "\r\n");
             }
         }},
        {"http1_unfinished_headers",
         [=](Feeder& feeder, std::uint64_t number) {
             feeder.open(number);
             feeder.data(number, Direction::sent, "GET / HTTP/1.1\r\nHost: h\r\n");
             for (int i = 0; i < 40; ++i) {
                 feeder.data(number, Direction::sent, field);
             }
         }},
        {"http1_undecided_tunnel",
         [=](Feeder& feeder, std::uint64_t number) {
             feeder.open(number);
             feeder.data(number, Direction::sent, "CONNECT in:443 HTTP/1.1\r\nHost: in\r\n\r\n");
             feeder.data(number, Direction::sent, body);
             feeder.data(number, Direction::sent, body);
         }},
        {"server_sent_events",
         [=](Feeder& feeder, std::uint64_t number) {
             feeder.open(number);
             feeder.data(number, Direction::sent, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
             feeder.data(number, Direction::received,
                         "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\ndata: " + body);
         }},
        {"http2_streams",
         [=](Feeder& feeder, std::uint64_t number) {
             feeder.open(number);
             feeder.data(number, Direction::sent, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + h2_frame(4, 0, 0, ""));
             for (std::uint32_t stream = 1; stream < 20; stream += 2) {
                 feeder.data(number, Direction::sent,
                             h2_frame(1, 4, stream, "\x83\x87\x84\x41\x01x") +
                                 h2_frame(0, 0, stream, std::string(16'000, 'd')));
             }
         }},
        {"http2_header_blocks",
         [=](Feeder& feeder, std::uint64_t number) {
             feeder.open(number);
             feeder.data(number, Direction::sent,
                         "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + h2_frame(4, 0, 0, "") +
                             h2_frame(1, 0, 1, "\x83\x87\x84\x41\x01x"));
             for (int i = 0; i < 10; ++i) {
                 feeder.data(number, Direction::sent, h2_frame(9, 0, 1, std::string(16'000, '\x84')));
             }
         }},
        {"http2_joined_in_noise",
         [=](Feeder& feeder, std::uint64_t number) {
             feeder.open(number);
             feeder.data(number, Direction::sent,
                         "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + h2_frame(4, 0, 0, "") + noise(100'000, 1));
         }},
        {"websocket",
         [=](Feeder& feeder, std::uint64_t number) {
             feeder.open(number);
             feeder.data(number, Direction::sent,
                         "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
             feeder.data(number, Direction::received,
                         "HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                         "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
             const std::string coded = test::deflated(noise(30'000, 2), -15);
             const auto length = static_cast<std::uint16_t>(coded.size());
             Bytes frame = "\x41\x7e";
             append_be(frame, length);
             feeder.data(number, Direction::received, frame + coded);
         }},
        {"redis_pipeline",
         [=](Feeder& feeder, std::uint64_t number) {
             feeder.open(number, Carrier::cleartext);
             for (int i = 0; i < 40; ++i) {
                 feeder.data(number, Direction::sent,
                             "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4000\r\n" + std::string(4000, 'v') + "\r\n");
             }
         }},
        {"redis_unfinished_value",
         [=](Feeder& feeder, std::uint64_t number) {
             feeder.open(number, Carrier::cleartext);
             feeder.data(number, Direction::sent, "*1\r\n$4\r\nPING\r\n");
             feeder.data(number, Direction::received, "$999999\r\n" + body);
         }},
        {"unknown_protocol",
         [=](Feeder& feeder, std::uint64_t number) {
             feeder.open(number);
             feeder.data(number, Direction::sent, "GET /" + std::string(15'000, 'x'));
         }},
        {"idle_connections", [](Feeder& feeder, std::uint64_t number) { feeder.open(number); }},
        {"quiet_http1",
         [](Feeder& feeder, std::uint64_t number) {
             feeder.open(number);
             feeder.data(number, Direction::sent, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
             feeder.data(number, Direction::received, kResponse);
         }},
        {"quiet_http2",
         [](Feeder& feeder, std::uint64_t number) {
             feeder.open(number);
             feeder.data(number, Direction::sent,
                         "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + h2_frame(4, 0, 0, "") +
                             h2_frame(1, 5, 1, "\x82\x87\x84\x41\x01x"));
             feeder.data(number, Direction::received, h2_frame(4, 0, 0, "") + h2_frame(1, 5, 1, "\x88"));
         }},
    };
}

class MemoryLimit : public testing::TestWithParam<Flood> {};

/// Nothing grows beyond the limit, what is given up is told, and all is accounted for in the end.
TEST_P(MemoryLimit, HoldsWhateverFloods) {
    constexpr std::size_t kLimit = 1U << 20U;
    Feeder feeder(kLimit);
    std::uint64_t connections = 0;
    while (feeder.sink.lost == 0 && connections < 5000) {
        GetParam().say(feeder, ++connections);
    }
    EXPECT_GT(feeder.most, kLimit / 2);
    EXPECT_GT(feeder.sink.lost, 0U);
    EXPECT_GE(feeder.sink.freed, kLimit / 8);
    for (const std::uint64_t end = 2 * connections; connections < end;) {
        GetParam().say(feeder, ++connections);
    }
    feeder.table.finish(feeder.tick());
    EXPECT_EQ(feeder.table.held(), 0U);
    EXPECT_LE(feeder.sink.no_longer_kept, feeder.sink.lost);
}

/// By malloc, in its own arenas and in mappings of their own.
std::size_t given_out() {
    const auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/// The table's own figure is what malloc has given out, within 15 %.
TEST_P(MemoryLimit, IsMeasuredTruly) {
    Feeder feeder(std::size_t{1} << 30U);
    GetParam().say(feeder, 1);
    const std::size_t before = given_out();
    const std::size_t held = feeder.table.held();
    for (std::uint64_t number = 2; number < 200; ++number) {
        GetParam().say(feeder, number);
    }
    const auto grown = static_cast<double>(given_out() - before);
    if (grown == 0) {
        GTEST_SKIP() << "this malloc tells nothing";
    }
    const double ratio = static_cast<double>(feeder.table.held() - held) / grown;
    EXPECT_GT(ratio, 0.85) << GetParam().name;
    EXPECT_LT(ratio, 1.15) << GetParam().name;
}

INSTANTIATE_TEST_SUITE_P(Floods, MemoryLimit, testing::ValuesIn(floods()),
                         [](const auto& test) { return test.param.name; });

TEST(MemoryLimitPolicy, SmallHoldersKeepWhatTheyHave) {
    StreamLimits limits;
    limits.max_memory = std::size_t{4} << 20U;
    Player player(limits);
    // It waits for a slow answer, as many do, and is the one that is idle longest.
    player.open(1);
    player.data(Direction::sent, "POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", 1);
    for (std::uint64_t number = 2; number < 100; ++number) {
        player.open(number);
        player.data(
            Direction::sent,
            "POST /flood HTTP/1.1\r\nHost: h\r\nContent-Length: 99999\r\n\r\n" + std::string(60'000, 'x'),
            number);
    }
    ASSERT_FALSE(player.sink.losses.empty());
    EXPECT_EQ(player.sink.losses[0].cause, LossCause::memory_limit);
    player.data(Direction::received, kResponse, 1);
    ASSERT_EQ(player.sink.lines.size(), 1U) << player.sink.lines[0];
    EXPECT_EQ(player.sink.lines[0], "http/1.1 POST https://h/slow -> 200 OK (5/2)");
    EXPECT_NE(player.sink.fields[0].find("hello"), std::string::npos);
    // A flooder's exchange is still shown: without its body, and it says why.
    player.data(Direction::sent, std::string(39'999, 'x'), 2);
    player.data(Direction::received, kResponse, 2);
    ASSERT_EQ(player.sink.lines.size(), 2U);
    EXPECT_EQ(player.sink.lines[1],
              "http/1.1 POST https://h/flood -> 200 OK (99999/2) incomplete: " + std::string(kNoLongerKept));
    // The latest ones are whole.
    player.data(Direction::sent, std::string(39'999, 'x'), 99);
    player.data(Direction::received, kResponse, 99);
    ASSERT_EQ(player.sink.lines.size(), 3U);
    EXPECT_EQ(player.sink.lines[2], "http/1.1 POST https://h/flood -> 200 OK (99999/2)");
    player.finish();
    ASSERT_TRUE(player.sink.summary);
    ASSERT_EQ(player.sink.summary->losses.size(), 1U);
    EXPECT_GE(player.sink.summary->losses[0].events, 35U);
}

TEST(MemoryLimitPolicy, PairsStayRightWhenRequestsAreGivenUp) {
    StreamLimits limits;
    limits.max_memory = std::size_t{1} << 20U;
    limits.parser.max_pending = 100'000;
    Player player(limits);
    player.open();
    constexpr int kRequests = 5000;
    for (int i = 0; i < kRequests; ++i) {
        player.data(Direction::sent, fmt::format("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", i));
    }
    for (int i = 0; i < kRequests; ++i) {
        player.data(Direction::received, fmt::format("HTTP/1.1 200 N{}\r\nContent-Length: 0\r\n\r\n", i));
    }
    std::size_t paired = 0;
    for (const std::string& line : player.sink.lines) {
        const std::size_t get = line.find("https://h/");
        const std::size_t answer = line.find("200 N");
        if (get != std::string::npos && answer != std::string::npos) {
            ++paired;
            EXPECT_EQ(std::stoi(line.substr(get + 10)), std::stoi(line.substr(answer + 5))) << line;
        }
    }
    EXPECT_GT(paired, 500U);
    EXPECT_LT(paired, static_cast<std::size_t>(kRequests));
}

TEST(MemoryLimitPolicy, TheLongestIdleConnectionsGoLast) {
    StreamLimits limits;
    limits.max_memory = std::size_t{1} << 20U;
    Player player(limits);
    for (std::uint64_t number = 1; player.sink.losses.empty(); ++number) {
        ASSERT_LT(number, 5000U);
        player.open(number);
    }
    ASSERT_FALSE(player.sink.connections.empty());
    EXPECT_EQ(player.sink.connections[0].info.id, Player::id(1));
    EXPECT_EQ(player.sink.connections[0].reason, CloseReason::given_up);
    EXPECT_GT(player.table.open_connections(), 7 * player.sink.connections.size() / 2);
}

}  // namespace
}  // namespace sslsniff
