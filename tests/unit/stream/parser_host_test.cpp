// What a parser gets from its connection, and may ask of it: a protocol that exists here only.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>

#include "support/conversation.h"
#include "support/fake_exchange.h"

namespace sslsniff {
namespace {

using test::FakeExchange;
using test::Player;
using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

constexpr std::uint16_t kPort = 7777;
constexpr Duration kPatience = 5s;

/// Shows each chunk as a line: "> HELLO (thread 3, begins)". A line "GO" of the server begins TLS, whose
/// parser knows what the server said first; "WAIT" is answered by "waited" when nothing came for 5 s.
class LineParser final : public ProtocolParser {
  public:
    LineParser(ParserHost& host, std::string prefix) : host_(host), prefix_(std::move(prefix)) {}

    Status feed(Direction direction, ByteView bytes, Timestamp time) override {
        const std::size_t end = std::min(bytes.find('\n'), bytes.size() - 1);
        const std::string line(bytes.substr(0, end));
        const Call call = host_.call();
        show(fmt::format("{}{} {} (thread {}{})", prefix_, direction == Direction::sent ? '>' : '<', line,
                         call.tid, call.begins ? ", begins" : ""),
             time);
        wakes_at_ = line == "WAIT" ? std::optional(time + kPatience) : std::nullopt;
        if (greeting_.empty() && direction == Direction::received) {
            greeting_ = line;
        }
        if (line == "GO") {
            host_.begin_tls(std::make_shared<Session>(greeting_), {}, bytes.substr(end + 1));
        }
        return Status::ok;
    }
    void gap(Direction, std::uint64_t, Timestamp) override {}
    void end_of_stream(Direction, Timestamp) override {}
    void finish(Timestamp) override {}
    std::size_t held() const override { return sizeof(*this); }
    std::uint64_t give_up(std::size_t) override { return 0; }
    std::optional<Timestamp> wakes_at() const override { return wakes_at_; }
    void wake(Timestamp now) override { show("waited", now); }

  private:
    class Session final : public ParserSession {
      public:
        explicit Session(std::string greeting) : greeting_(std::move(greeting)) {}
        std::unique_ptr<ProtocolParser> resume(ParserHost& host, const ParserLimits&) const override {
            return std::make_unique<LineParser>(host, "behind " + greeting_ + ": ");
        }
        std::size_t held() const override { return sizeof(*this); }

      private:
        std::string greeting_;
    };

    void show(std::string text, Timestamp time) {
        auto exchange = std::make_unique<FakeExchange>();
        exchange->name = "line";
        exchange->text.request = std::move(text);
        host_.emit({time, time, time, time}, {}, std::move(exchange));
    }

    ParserHost& host_;
    std::string prefix_;
    std::string greeting_;
    std::optional<Timestamp> wakes_at_;
};

std::unique_ptr<ProtocolParser> create_line(ParserHost& host, const ParserLimits&) {
    return std::make_unique<LineParser>(host, "");
}

const Protocol kLine{.name = "line", .detect = nullptr, .may_begin = nullptr, .create = create_line};

class ParserHostTest : public testing::Test {
  protected:
    ParserHostTest() : player_(limits()) {}
    static StreamLimits limits() {
        StreamLimits limits;
        limits.decode_as = {{kPort, &kLine}};
        return limits;
    }
    void open(std::uint64_t connection, Carrier carrier, std::uint16_t port, std::uint64_t cookie = 7) {
        player_.open(connection, false, carrier);
        endpoints(connection, port, cookie);
    }
    void endpoints(std::uint64_t connection, std::uint16_t port, std::uint64_t cookie) {
        Endpoints ends{Transport::tcp, *parse_endpoint("10.0.0.1:1000"), *parse_endpoint("10.0.0.2:1"),
                       cookie, 8};
        ends.remote.port = port;
        player_.table.on_event(
            EndpointsEvent{Player::id(connection), player_.tick(), Role::client, Correlation::socket, ends});
    }
    Lines requests() const {
        Lines lines;
        for (const std::string& line : player_.sink.lines) {
            lines.push_back(line.substr(0, line.find(" -> ")));
        }
        return lines;
    }
    Player player_;
};

TEST_F(ParserHostTest, TlsGoesOnWithWhatTheCleartextTold) {
    open(1, Carrier::cleartext, kPort);
    player_.data(Direction::received, "v7\n", 1);
    player_.data(Direction::sent, "STARTTLS\n", 1);
    player_.data(Direction::received, "GO\n", 1);
    player_.data(Direction::sent, "\x16\x03\x01 no line any more\n", 1);
    // Its port is not the test protocol's: what was handed over decides.
    player_.open(2);
    player_.close(CloseReason::tls_began, 1);
    endpoints(2, 443, 7);
    player_.data(Direction::sent, "LOGIN\n", 2);
    player_.data(Direction::received, "GET / HTTP/1.1\n", 2);
    player_.finish();
    EXPECT_EQ(requests(),
              (Lines{"line < v7 (thread 4242, begins)", "line > STARTTLS (thread 4242, begins)",
                     "line < GO (thread 4242, begins)", "line behind v7: > LOGIN (thread 4242, begins)",
                     "line behind v7: < GET / HTTP/1.1 (thread 4242, begins)"}));
    ASSERT_EQ(player_.sink.connections.size(), 2U);
    EXPECT_EQ(player_.sink.connections[1].info.continues, Player::id(1));
}

TEST_F(ParserHostTest, WhatWasSaidBeforeTheSocketWasKnownIsNotLost) {
    open(1, Carrier::cleartext, kPort);
    player_.data(Direction::received, "v7\n", 1);
    player_.data(Direction::received, "GO\n", 1);
    player_.open(2);
    player_.close(CloseReason::tls_began, 1);
    player_.data(Direction::sent, "GET ", 2);  // may still be HTTP
    endpoints(2, 443, 7);
    player_.data(Direction::sent, "more\n", 2);
    player_.finish();
    ASSERT_EQ(player_.sink.lines.size(), 4U);
    EXPECT_EQ(requests()[2], "line behind v7: > GET (thread 4242, begins)");
}

TEST_F(ParserHostTest, AnotherSocketKnowsNothing) {
    open(1, Carrier::cleartext, kPort);
    player_.data(Direction::received, "GO\n", 1);
    player_.close(CloseReason::tls_began, 1);
    open(2, Carrier::tls, 443, 8);
    player_.data(Direction::sent, "LOGIN\n", 2);
    player_.finish();
    EXPECT_EQ(player_.sink.lines.size(), 1U);
}

TEST_F(ParserHostTest, WhatIsTlsIsNotTheProtocols) {
    open(1, Carrier::cleartext, kPort);
    player_.data(Direction::received, "GO\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 1);
    player_.data(Direction::sent, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 1);
    player_.finish();
    EXPECT_EQ(player_.sink.lines.size(), 1U);
    EXPECT_EQ(player_.sink.connections.at(0).protocol, "line");
    EXPECT_EQ(player_.sink.connections.at(0).sent.bytes, 38U);
}

TEST_F(ParserHostTest, CallsHaveThreadsAndBeginnings) {
    open(1, Carrier::cleartext, kPort);
    const auto data = [&](Timestamp time, std::uint32_t tid, std::uint64_t position, ByteView line) {
        player_.table.on_event(DataEvent{Player::id(1), time, tid, Direction::sent, position, line});
    };
    const Timestamp first = player_.tick();
    data(first, 3, 0, "a\n");
    data(first, 3, 2, "b\n");  // a part of the same call
    data(first, 4, 4, "c\n");
    data(player_.tick(), 4, 6, "d\n");
    player_.finish();
    EXPECT_EQ(requests(), (Lines{"line > a (thread 3, begins)", "line > b (thread 3)",
                                 "line > c (thread 4, begins)", "line > d (thread 4, begins)"}));
}

/// What was kept until the protocol was known has its calls still.
TEST_F(ParserHostTest, CallsAreKeptDuringDetection) {
    open(1, Carrier::cleartext, kPort);
    player_.data(Direction::received, "GO\n", 1);
    player_.open(2);
    player_.close(CloseReason::tls_began, 1);
    player_.table.on_event(DataEvent{Player::id(2), player_.tick(), 9, Direction::sent, 0, "GET "});
    endpoints(2, 443, 7);
    player_.table.on_event(DataEvent{Player::id(2), player_.tick(), 5, Direction::sent, 4, "x\n"});
    player_.finish();
    ASSERT_EQ(player_.sink.lines.size(), 3U);
    EXPECT_EQ(requests()[1], "line behind GO: > GET (thread 9, begins)");
    EXPECT_EQ(requests()[2], "line behind GO: > x (thread 5, begins)");
}

TEST_F(ParserHostTest, WakesByTheTimeOfEvents) {
    open(1, Carrier::cleartext, kPort);
    open(2, Carrier::tls, 443, 8);
    player_.data(Direction::sent, "WAIT\n", 1);
    player_.data(Direction::sent, "x", 2);
    EXPECT_EQ(player_.sink.lines.size(), 1U);
    // Any event tells that time has passed. The parser asks for the same time again, and is not asked at
    // once.
    const Timestamp later = player_.tick() + kPatience;
    player_.table.on_event(DataEvent{Player::id(2), later, 0, Direction::sent, 1, "y"});
    EXPECT_EQ(requests().back(), "line waited");
    player_.table.on_event(DataEvent{Player::id(2), later + 1s, 0, Direction::sent, 2, "z"});
    EXPECT_EQ(player_.sink.lines.size(), 2U);
    EXPECT_EQ(player_.sink.timings.back().start, later);
}

TEST_F(ParserHostTest, NobodyIsWokenWhoIsGoneOrGotWhatItWaitedFor) {
    open(1, Carrier::cleartext, kPort);
    player_.data(Direction::sent, "WAIT\n", 1);
    open(2, Carrier::cleartext, kPort, 8);
    player_.data(Direction::sent, "WAIT\n", 2);
    player_.close(CloseReason::shutdown, 1);
    player_.data(Direction::received, "answer\n", 2);
    player_.table.on_event(LossEvent{player_.tick() + 2 * kPatience, LossCause::unknown, 1, 1});
    EXPECT_EQ(player_.sink.lines.size(), 3U);
}

}  // namespace
}  // namespace sslsniff
