// Connections of captures that carry nothing, fail, or tell how long connect() took.
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "support/packet_builder.h"
#include "support/recorded_events.h"
#include "unit/capture/pcap/pcap_text.h"

namespace sslsniff {
namespace {

using namespace std::chrono_literals;
using namespace test;

class TcpOpeningTest : public testing::Test {
  protected:
    std::string text() const { return read(pcap_.file()).text; }
    /// Of each EndpointsEvent.
    std::vector<std::optional<Duration>> connect_times() const {
        RecordedEvents events;
        auto reader = PcapReader::open(std::make_unique<MemoryInputStream>(pcap_.file()));
        EXPECT_TRUE(drain(**reader, events));
        std::vector<std::optional<Duration>> out;
        for (const CaptureEvent& event : events.events()) {
            if (const auto* endpoints = std::get_if<EndpointsEvent>(&event)) {
                out.push_back(endpoints->endpoints.connect_time);
            }
        }
        return out;
    }
    using Times = std::vector<std::optional<Duration>>;

    TcpPeers peers_{"10.0.0.1:40000", "10.0.0.2:80"};
    PcapBuilder pcap_;
};

TEST_F(TcpOpeningTest, ConnectTimeIsOneRoundTripWhereverTheCaptureWasMade) {
    for (const Duration server_side : {0ms, 10ms, 30ms}) {
        pcap_ = PcapBuilder();
        TcpPeers peers = peers_;
        pcap_.packet(peers.syn()).wait(30ms - server_side).packet(peers.syn_ack()).wait(server_side);
        pcap_.packet(peers.ack_from_client()).packet(peers.from_client("GET"));
        EXPECT_EQ(connect_times(), Times{32ms});  // each packet takes 1 ms
    }
}

TEST_F(TcpOpeningTest, ConnectTimeCountsFromTheFirstSyn) {
    const Bytes syn = peers_.syn();
    pcap_.packet(syn).wait(999ms).packet(syn).packet(peers_.syn_ack()).packet(peers_.ack_from_client());
    EXPECT_EQ(connect_times(), Times{1002ms});
}

TEST_F(TcpOpeningTest, ConnectTimeIsToldLaterWhenTheServerWasSeenToSpeakFirst) {
    pcap_.packet(peers_.syn()).packet(peers_.syn_ack());
    pcap_.packet(peers_.from_server("hello")).packet(peers_.ack_from_client());
    EXPECT_EQ(connect_times(), (Times{std::nullopt, 3ms}));
}

TEST_F(TcpOpeningTest, ConnectTimeIsUnknownWithoutTheSyn) {
    peers_.syn();
    pcap_.packet(peers_.syn_ack()).packet(peers_.ack_from_client()).packet(peers_.from_client("GET"));
    EXPECT_EQ(connect_times(), Times{std::nullopt});
}

TEST_F(TcpOpeningTest, NothingPassed) {
    pcap_.packet(peers_.syn()).packet(peers_.syn_ack()).packet(peers_.ack_from_client());
    EXPECT_EQ(text(), kOpened);
    pcap_.packet(peers_.from_client("", true)).packet(peers_.from_server("", true));
    EXPECT_EQ(text(), kOpened + "1 close shutdown\n");
}

TEST_F(TcpOpeningTest, ResetBeforeAnythingPassed) {
    pcap_.packet(peers_.syn()).packet(peers_.syn_ack()).packet(peers_.ack_from_client());
    pcap_.packet(peers_.reset_from_server());
    EXPECT_EQ(text(), kOpened + "1 close reset\n");
}

TEST_F(TcpOpeningTest, Refused) {
    pcap_.packet(peers_.syn()).packet(peers_.reset_from_server()).packet(peers_.ack_from_client());
    EXPECT_EQ(text(), kOpened + "1 close refused\n");
    EXPECT_EQ(connect_times(), Times{std::nullopt});
}

TEST_F(TcpOpeningTest, ResetOfAnOlderConnectionRefusesNothing) {
    TcpPeers older("10.0.0.1:40000", "10.0.0.2:80", 7000);
    pcap_.packet(peers_.syn()).packet(older.ack_from_server()).packet(older.reset_from_server());
    pcap_.packet(peers_.syn_ack()).packet(peers_.ack_from_client()).packet(peers_.from_client("GET"));
    EXPECT_EQ(text(), kOpened + "1 > GET\n");
}

TEST_F(TcpOpeningTest, AFirewallSaysNo) {
    struct Row {
        std::string_view client, server, router;
        std::uint8_t protocol;
        std::string_view type_and_code;
        std::string_view end;
    };
    const std::vector<Row> rows{
        {"10.0.0.1:40000", "10.0.0.2:80", "10.0.0.2", 1, "\x03\x03", "1 close refused\n"},    // port
        {"10.0.0.1:40000", "10.0.0.2:80", "10.9.9.9", 1, "\x03\x01", "1 close timed_out\n"},  // host
        {"10.0.0.1:40000", "10.0.0.2:80", "10.9.9.9", 1, "\x03\x0d", "1 close timed_out\n"},  // prohibited
        {"10.0.0.1:40000", "10.0.0.2:80", "10.9.9.9", 1, "\x03\x04", ""},                     // only too big
        {"10.0.0.1:40000", "10.0.0.2:80", "10.9.9.9", 1, "\x0b\x01", ""},                     // time exceeded
        {"[fd00::1]:40000", "[fd00::2]:80", "fd00::2", 58, "\x01\x04", "1 close refused\n"},
        {"[fd00::1]:40000", "[fd00::2]:80", "fd00::9", 58, "\x01\x03", "1 close timed_out\n"},
    };
    for (const Row& row : rows) {
        TcpPeers peers(row.client, row.server);
        const Bytes syn = peers.syn();
        const bool v4 = row.protocol == 1;
        const ByteView quoted = ByteView(syn).substr(14, (v4 ? 20U : 40U) + 8);
        const auto client = parse_endpoint(row.client).value();
        const auto news = [&](ByteView about) {
            const Bytes message = Bytes(row.type_and_code) + Bytes(6, '\0') + Bytes(about);
            return ethernet(ip_packet(parse_ip(row.router).value(), client.address, row.protocol, message));
        };
        const std::string got = read(PcapBuilder().packet(syn).packet(news(quoted)).file()).text;
        EXPECT_TRUE(got.ends_with(row.end.empty() ? ":80\n" : row.end)) << row.type_and_code << got;
        TcpPeers other(row.client, row.server, 77);
        const Bytes old = other.syn();
        const Bytes stale = news(ByteView(old).substr(14, quoted.size()));
        EXPECT_TRUE(read(PcapBuilder().packet(syn).packet(stale).file()).text.ends_with(":80\n"));
        for (std::size_t size = 0; size < quoted.size(); ++size) {
            const Bytes cut = news(quoted.substr(0, size));
            EXPECT_TRUE(read(PcapBuilder().packet(syn).packet(cut).file()).text.ends_with(":80\n"));
        }
    }
}

TEST_F(TcpOpeningTest, ConnectionsThatCameAboutOutliveSuchNews) {
    const Bytes syn = peers_.syn();
    const Bytes quoted = Bytes("\x03\x01") + Bytes(6, '\0') + syn.substr(14, 28);
    const IpAddress client = parse_ip("10.0.0.1").value();
    pcap_.packet(syn).packet(peers_.syn_ack()).packet(peers_.ack_from_client());
    pcap_.packet(ethernet(ip_packet(client, client, 1, quoted))).packet(peers_.from_client("GET"));
    EXPECT_EQ(text(), kOpened + "1 > GET\n");
}

TEST_F(TcpOpeningTest, TimedOut) {
    const Bytes syn = peers_.syn();
    pcap_.packet(syn).wait(1s).packet(syn);
    EXPECT_EQ(text(), kOpened + "1 close timed_out\n");
}

TEST_F(TcpOpeningTest, TimedOutOnceNoOtherSynCanCome) {
    pcap_.packet(peers_.syn()).wait(66s);
    TcpPeers other("10.0.0.1:40001", "10.0.0.2:80");
    pcap_.packet(other.syn()).packet(other.syn_ack());
    EXPECT_TRUE(text().starts_with(kOpened + "1 close timed_out\n2 open")) << text();
}

TEST_F(TcpOpeningTest, TimedOutBeforeThePortIsUsedAgain) {
    TcpPeers next("10.0.0.1:40000", "10.0.0.2:80", 77'777, 99'999);
    pcap_.packet(peers_.syn()).packet(next.syn()).packet(next.syn_ack());
    EXPECT_TRUE(text().starts_with(kOpened + "1 close timed_out\n2 open")) << text();
}

TEST_F(TcpOpeningTest, AnAnswerMayComeAfterTheCapture) {
    pcap_.packet(peers_.syn());
    EXPECT_EQ(text(), kOpened);  // and stays open
}

TEST_F(TcpOpeningTest, OneDirectionAloneIsNotTimedOut) {
    pcap_.packet(peers_.syn());
    peers_.syn_ack();
    pcap_.packet(peers_.ack_from_client()).packet(peers_.from_client("GET")).wait(10s);
    TcpPeers other("10.0.0.1:40001", "10.0.0.2:80");
    pcap_.packet(other.syn());
    EXPECT_TRUE(text().starts_with(kOpened + "1 > GET\n2 open")) << text();
    EXPECT_EQ(text().find("timed_out"), std::string::npos);
}

TEST_F(TcpOpeningTest, MemoryOfTheUnansweredIsBounded) {
    for (int i = 0; i < 70'000; ++i) {
        const std::string server = "10." + std::to_string(i / 62'500) + "." + std::to_string(i / 250 % 250) +
                                   "." + std::to_string(i % 250) + ":80";
        pcap_.packet(TcpPeers("10.0.0.1:40000", server).syn());
        pcap_.wait(-999us);  // all within a second
    }
    const std::string got = text();
    EXPECT_TRUE(
        got.starts_with("1 open cleartext\n1 tcp client 10.0.0.1:40000 10.0.0.0:80\n1 close timed_out\n"));
}

}  // namespace
}  // namespace sslsniff
