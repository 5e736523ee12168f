#include "capture/pcap/pcap_reader.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/endian.h"
#include "support/event_text.h"
#include "support/packet_builder.h"
#include "support/recorded_events.h"

namespace sslsniff {
namespace {

using namespace std::chrono_literals;
using namespace test;

struct Outcome {
    std::string text;
    std::string error;
};

Outcome read(Bytes file) {
    EventText text;
    auto reader = PcapReader::open(std::make_unique<MemoryInputStream>(std::move(file), "x.pcap"));
    if (!reader) {
        return {"", reader.error().message};
    }
    const auto done = drain(**reader, text);
    return {text.take(), done ? "" : done.error().message};
}

const std::string kOpened = "1 open cleartext\n1 tcp client 10.0.0.1:40000 10.0.0.2:80\n";
const std::string kJoined = "1 open cleartext midstream\n1 tcp client 10.0.0.1:40000 10.0.0.2:80\n";

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

TEST(LinkLayers, AllCarryTheSame) {
    const IpAddress a = parse_ip("10.0.0.1").value();
    const IpAddress b = parse_ip("10.0.0.2").value();
    const IpAddress c = parse_ip("2001:db8::1").value();
    const IpAddress d = parse_ip("2001:db8::2").value();
    const Bytes v4 = ip_packet(a, b, 17, udp_datagram(5000, 53, "q"));
    const Bytes v6 = ip_packet(c, d, 17, udp_datagram(5000, 53, "q"));
    const std::string expected_v4 = "1 open cleartext\n1 udp client 10.0.0.1:5000 10.0.0.2:53\n1 > q\n";
    const std::string expected_v6 =
        "1 open cleartext\n1 udp client [2001:db8::1]:5000 [2001:db8::2]:53\n1 > q\n";
    struct Row {
        std::uint16_t link_type;
        Bytes (*wrap)(ByteView);
    };
    const std::vector<Row> rows{
        {1, [](ByteView ip) { return ethernet(ip); }},
        {1, [](ByteView ip) { return ethernet(ip, 1); }},
        {1, [](ByteView ip) { return ethernet(ip, 2); }},
        {113, [](ByteView ip) { return linux_cooked(ip, 1); }},
        {276, [](ByteView ip) { return linux_cooked(ip, 2); }},
        {0, null_loopback},
        {108, null_loopback},
        {101, [](ByteView ip) { return Bytes(ip); }},
        {12, [](ByteView ip) { return Bytes(ip); }},
        {228, [](ByteView ip) { return Bytes(ip); }},
        {229, [](ByteView ip) { return Bytes(ip); }},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(read(PcapBuilder(row.link_type).packet(row.wrap(v4)).file()).text, expected_v4)
            << row.link_type;
        EXPECT_EQ(read(PcapBuilder(row.link_type).packet(row.wrap(v6)).file()).text, expected_v6)
            << row.link_type;
    }
    EXPECT_EQ(read(PcapBuilder(147).packet(ethernet(v4)).file()).text, "");
}

TEST(Udp, DatagramsAnswersAndCuts) {
    const IpAddress a = parse_ip("10.0.0.1").value();
    const IpAddress b = parse_ip("10.0.0.2").value();
    PcapBuilder pcap(1, 14 + 20 + 8 + 3);
    pcap.packet(ethernet(ip_packet(b, a, 17, udp_datagram(53, 5000, "abcde"))));
    pcap.packet(ethernet(ip_packet(a, b, 17, udp_datagram(5000, 53, "q"))));
    EXPECT_EQ(
        read(pcap.file()).text,
        "1 open cleartext\n1 udp client 10.0.0.1:5000 10.0.0.2:53\n1 < abc\n1 < gap 2 snaplen\n1 > q\n");
}

TEST(Udp, IdlePortsAreForgotten) {
    const IpAddress a = parse_ip("10.0.0.1").value();
    const IpAddress b = parse_ip("10.0.0.2").value();
    PcapBuilder pcap;
    pcap.packet(ethernet(ip_packet(a, b, 17, udp_datagram(5000, 53, "q")))).wait(61s);
    pcap.packet(ethernet(ip_packet(a, b, 17, udp_datagram(5001, 53, "r"))));
    EXPECT_NE(read(pcap.file()).text.find("1 close freed\n2 open"), std::string::npos);
}

TEST(IpFragments, InAnyOrderAndTwice) {
    for (const auto& [from, to] : {std::pair("10.0.0.1", "10.0.0.2"), {"2001:db8::1", "2001:db8::2"}}) {
        const IpAddress a = parse_ip(from).value();
        const IpAddress b = parse_ip(to).value();
        const Bytes payload = "0123456789abcdefghijklmnopqrstuvwxyz";
        auto pieces = fragments(a, b, 17, udp_datagram(5000, 53, payload), 16, 7);
        ASSERT_EQ(pieces.size(), 3U);
        PcapBuilder pcap;
        pcap.packet(ethernet(pieces[2])).packet(ethernet(pieces[0])).packet(ethernet(pieces[0]));
        EXPECT_EQ(read(pcap.file()).text, "");
        pcap.packet(ethernet(pieces[1]));
        EXPECT_NE(read(pcap.file()).text.find("1 > " + payload + "\n"), std::string::npos) << from;
    }
}

TEST(IpFragments, OverlapsAreRefused) {
    const IpAddress a = parse_ip("10.0.0.1").value();
    const IpAddress b = parse_ip("10.0.0.2").value();
    const auto good = fragments(a, b, 17, udp_datagram(5000, 53, Bytes(40, 'g')), 16, 7);
    const auto evil = fragments(a, b, 17, udp_datagram(5000, 53, Bytes(40, 'e')), 24, 7);
    PcapBuilder pcap;
    pcap.packet(ethernet(good[0]))
        .packet(ethernet(evil[0]))
        .packet(ethernet(good[1]))
        .packet(ethernet(good[2]));
    EXPECT_EQ(read(pcap.file()).text, "");
}

TEST(IpFragments, MemoryIsBounded) {
    FragmentTable table;
    IpPacket fragment;
    fragment.source = parse_ip("10.0.0.1").value();
    fragment.destination = parse_ip("10.0.0.2").value();
    const Bytes payload(65'000, 'x');
    fragment.payload = payload;
    fragment.length = payload.size();
    for (std::uint32_t i = 0; i < 1000; ++i) {
        fragment.fragment = {i, 0, true};
        EXPECT_FALSE(table.add(fragment));
        EXPECT_LE(table.held_bytes(), FragmentTable::kMaxHeld);
    }
}

TEST(Files, DamageIsOneSentenceAfterAllThatWasSound) {
    TcpPeers peers("10.0.0.1:40000", "10.0.0.2:80");
    PcapBuilder pcap;
    pcap.packet(peers.syn()).packet(peers.from_client("GET"));
    Bytes file = pcap.file();
    const std::string expected = kOpened + "1 > GET\n";

    const Outcome cut = read(file + Bytes("\0\0\0\0\0\0\0\0\xff\0\0\0\xff\0\0\0abc", 19));
    EXPECT_EQ(cut.text, expected);
    EXPECT_EQ(cut.error,
              "x.pcap is damaged at offset 167: it ends inside a packet; everything before it was used");
    const Outcome mad = read(file + Bytes(16, '\x7f'));
    EXPECT_EQ(mad.text, expected);
    EXPECT_EQ(
        mad.error,
        "x.pcap is damaged at offset 167: a packet's length makes no sense; everything before it was used");
    EXPECT_EQ(
        read(file + "abc").error,
        "x.pcap is damaged at offset 167: it ends inside a packet header; everything before it was used");
}

TEST(Files, EveryTruncationEndsInOrder) {
    TcpPeers peers("10.0.0.1:40000", "10.0.0.2:80");
    const Bytes file = PcapBuilder().packet(peers.syn()).packet(peers.from_client("GET")).file();
    for (std::size_t size = 0; size < file.size(); ++size) {
        const Outcome outcome = read(file.substr(0, size));
        const bool at_boundary = size == 24 || size == 24 + 16 + 54;
        EXPECT_EQ(outcome.error.empty(), at_boundary) << size;
    }
}

TEST(Files, WhatTheyAreNot) {
    EXPECT_EQ(read("hello world, this is text").error, "x.pcap is neither pcap nor pcapng");
    EXPECT_EQ(read("").error, "x.pcap is neither pcap nor pcapng");
    EXPECT_EQ(read(Bytes("\x1f\x8b\x08\x00", 4)).error, "x.pcap is compressed; unpack it with gunzip first");
}

TEST(Files, BigEndianNanoseconds) {
    Bytes file;
    append_be<std::uint32_t>(file, 0xA1B23C4D);
    append_be<std::uint32_t>(file, 0x0002'0004);
    append_be<std::uint64_t>(file, 0);
    append_be<std::uint32_t>(file, 65'535);
    append_be<std::uint32_t>(file, 101);
    const Bytes ip = ip_packet(parse_ip("10.0.0.1").value(), parse_ip("10.0.0.2").value(), 17,
                               udp_datagram(5000, 53, "q"));
    append_be<std::uint32_t>(file, 1'782'000'000);
    append_be<std::uint32_t>(file, 123'456'789);
    append_be(file, static_cast<std::uint32_t>(ip.size()));
    append_be(file, static_cast<std::uint32_t>(ip.size()));
    file += ip;
    RecordedEvents events;
    auto reader = PcapReader::open(std::make_unique<MemoryInputStream>(file));
    ASSERT_TRUE(drain(**reader, events));
    EXPECT_EQ(events.at<DataEvent>(2).time.time_since_epoch(), 1'782'000'000'123'456'789ns);
}

}  // namespace
}  // namespace sslsniff
