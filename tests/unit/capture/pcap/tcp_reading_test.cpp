#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "support/packet_builder.h"
#include "unit/capture/pcap/pcap_text.h"

namespace sslsniff {
namespace {

using namespace std::chrono_literals;
using namespace test;

class TcpReading : public testing::Test {
  protected:
    void shake_hands() {
        pcap_.packet(peers_.syn()).packet(peers_.syn_ack()).packet(peers_.ack_from_client());
    }
    std::string text() const {
        const Outcome outcome = read(pcap_.file());
        EXPECT_EQ(outcome.error, "");
        return outcome.text;
    }

    TcpPeers peers_{"10.0.0.1:40000", "10.0.0.2:80"};
    PcapBuilder pcap_;
};

TEST_F(TcpReading, InOrder) {
    shake_hands();
    pcap_.packet(peers_.from_client("GET"))
        .packet(peers_.from_server("OK"))
        .packet(peers_.from_server("!", true));
    pcap_.packet(peers_.from_client("", true)).packet(peers_.ack_from_server());
    EXPECT_EQ(text(), kOpened + "1 > GET\n1 < OK!\n1 close shutdown\n");
}

TEST_F(TcpReading, OutOfOrderAndRetransmitted) {
    shake_hands();
    const Bytes a = peers_.from_client("aa");
    const Bytes b = peers_.from_client("bb");
    const Bytes c = peers_.from_client("cc");
    pcap_.packet(c).packet(a).packet(a).packet(b).packet(c).packet(b);
    EXPECT_EQ(text(), kOpened + "1 > aabbcc\n");
}

TEST_F(TcpReading, OverlapsAreTrimmed) {
    shake_hands();
    TcpPeers again = peers_;
    const Bytes first = peers_.from_client("abcd");
    pcap_.packet(first).packet(again.from_client("abcdefgh"));  // a retransmission with more
    TcpPeers later = again;
    const Bytes hole = again.from_client("ij");
    later.from_client("i");
    pcap_.packet(later.from_client("jklm")).packet(hole);
    EXPECT_EQ(text(), kOpened + "1 > abcdefghijklm\n");
}

TEST_F(TcpReading, LossBecomesAGapOnceAcknowledged) {
    shake_hands();
    pcap_.packet(peers_.from_server("one"));
    peers_.from_server("lost");
    pcap_.packet(peers_.from_server("two")).packet(peers_.ack_from_client());
    pcap_.wait(20ms).packet(peers_.from_client("next"));
    EXPECT_EQ(text(), kOpened + "1 < one\n1 < gap 4 unknown\n1 < two\n1 > next\n");
}

TEST_F(TcpReading, LostEndOfAnAnswerIsKnownBeforeTheNextRequest) {
    shake_hands();
    pcap_.packet(peers_.from_client("r1"));
    peers_.from_server("answer");
    pcap_.packet(peers_.ack_from_client()).wait(20ms);
    pcap_.packet(peers_.from_client("r2")).packet(peers_.from_server("a2"));
    EXPECT_EQ(text(), kOpened + "1 > r1\n1 < gap 6 unknown\n1 > r2\n1 < a2\n");
}

TEST_F(TcpReading, LossWithoutAcknowledgmentsIsAGapAtTheEnd) {
    shake_hands();
    pcap_.packet(peers_.from_client("a"));
    peers_.from_client("bb");
    pcap_.packet(peers_.from_client("c"));
    EXPECT_EQ(text(), kOpened + "1 > a\n1 > gap 2 unknown\n1 > c\n");
}

TEST_F(TcpReading, MemoryBehindAHoleIsBounded) {
    shake_hands();
    peers_.from_client("lost");
    const Bytes part(60'000, '_');
    for (int i = 0; i < 200; ++i) {
        pcap_.packet(peers_.from_client(part));
    }
    const std::string got = text();
    EXPECT_TRUE(got.starts_with(kOpened + "1 > gap 4 unknown\n1 > ___"));
    EXPECT_EQ(std::ranges::count(got, '_'), 200 * 60'000);
}

/// Who fills the memory for holes, of 64 MiB, takes nothing from others whose segments come out of order.
TEST_F(TcpReading, HolesOfManyDoNotHurtOthers) {
    const Bytes part(60'000, '_');
    for (int flood = 0; flood < 44; ++flood) {
        TcpPeers peers("10.0.1.1:" + std::to_string(20'000 + flood), "10.0.0.2:80");
        pcap_.packet(peers.syn()).packet(peers.syn_ack());
        peers.from_client("lost");
        for (int i = 0; i < 25; ++i) {
            pcap_.packet(peers.from_client(part));
        }
    }
    pcap_.packet(peers_.syn()).packet(peers_.syn_ack()).packet(peers_.ack_from_client());
    const Bytes first = peers_.from_client("first");
    for (int i = 0; i < 20; ++i) {
        pcap_.packet(peers_.from_client(part));
    }
    pcap_.packet(first);
    const std::string got = text();
    EXPECT_NE(got.find("45 > first___"), std::string::npos);
    EXPECT_EQ(got.find("45 > gap"), std::string::npos);
    EXPECT_EQ(std::ranges::count(got, '_'), (44 * 25 + 20) * 60'000);
}

TEST_F(TcpReading, MissingSynIsMidstream) {
    peers_.syn();
    peers_.syn_ack();
    pcap_.packet(peers_.ack_from_client()).packet(peers_.from_client("GET")).packet(peers_.from_server("OK"));
    EXPECT_EQ(text(), kJoined + "1 > GET\n1 < OK\n");
}

TEST_F(TcpReading, TheLowerPortServesWithoutSyn) {
    peers_.syn();
    peers_.syn_ack();
    pcap_.packet(peers_.from_server("OK")).packet(peers_.from_client("GET"));
    EXPECT_EQ(text(), kJoined + "1 < OK\n1 > GET\n");
}

TEST_F(TcpReading, SynAckTellsWhoServes) {
    TcpPeers odd("10.0.0.1:80", "10.0.0.2:40000");
    odd.syn();
    pcap_.packet(odd.syn_ack()).packet(odd.from_client("x"));
    EXPECT_EQ(text(), "1 open cleartext\n1 tcp client 10.0.0.1:80 10.0.0.2:40000\n1 > x\n");
}

TEST_F(TcpReading, ResetEnds) {
    shake_hands();
    pcap_.packet(peers_.from_client("a"))
        .packet(peers_.reset_from_server())
        .packet(peers_.from_client("late"));
    EXPECT_EQ(text(), kOpened + "1 > a\n1 close reset\n");
}

TEST_F(TcpReading, PortsAreUsedAgain) {
    shake_hands();
    pcap_.packet(peers_.from_client("first"));
    TcpPeers next("10.0.0.1:40000", "10.0.0.2:80", 77'777, 99'999);
    pcap_.packet(next.syn()).packet(next.syn_ack()).packet(next.from_client("second"));
    EXPECT_EQ(text(), kOpened +
                          "1 > first\n1 close socket_closed\n2 open cleartext\n"
                          "2 tcp client 10.0.0.1:40000 10.0.0.2:80\n2 > second\n");
}

TEST_F(TcpReading, RepeatedSynIsTheSameConnection) {
    TcpPeers again = peers_;
    pcap_.packet(again.syn());
    shake_hands();
    pcap_.packet(peers_.from_client("x"));
    EXPECT_EQ(text(), kOpened + "1 > x\n");
}

TEST_F(TcpReading, KeepAlivesAreNothing) {
    shake_hands();
    pcap_.packet(peers_.from_client("a"))
        .packet(peers_.keep_alive_from_client())
        .packet(peers_.from_client("b"));
    EXPECT_EQ(text(), kOpened + "1 > ab\n");
}

TEST_F(TcpReading, SequenceNumbersWrap) {
    peers_ = TcpPeers("10.0.0.1:40000", "10.0.0.2:80", 0xFFFF'FFFC, 0xFFFF'FFFE);
    shake_hands();
    const Bytes a = peers_.from_client("aa");
    const Bytes b = peers_.from_client("bb");
    pcap_.packet(b).packet(a).packet(peers_.from_server("cccc")).packet(peers_.from_client("d"));
    EXPECT_EQ(text(), kOpened + "1 > aabb\n1 < cccc\n1 > d\n");
}

TEST_F(TcpReading, CutPacketsAreGapsOfKnownSize) {
    pcap_ = PcapBuilder(1, 54 + 4);
    shake_hands();
    pcap_.packet(peers_.from_client("abcdefgh")).packet(peers_.from_client("ijkl"));
    EXPECT_EQ(text(), kOpened + "1 > abcd\n1 > gap 4 snaplen\n1 > ijkl\n");
}

TEST_F(TcpReading, FinAfterLossEndsTheConnection) {
    shake_hands();
    peers_.from_client("lost");
    pcap_.packet(peers_.from_client("", true)).packet(peers_.ack_from_server()).wait(20ms);
    pcap_.packet(peers_.from_server("", true)).packet(peers_.ack_from_client());
    EXPECT_EQ(text(), kOpened + "1 > gap 4 unknown\n1 close shutdown\n");
}

}  // namespace
}  // namespace sslsniff
