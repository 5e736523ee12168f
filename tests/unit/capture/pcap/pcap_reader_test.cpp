#include "capture/pcap/pcap_reader.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/endian.h"
#include "support/packet_builder.h"
#include "support/recorded_events.h"
#include "unit/capture/pcap/pcap_text.h"

namespace sslsniff {
namespace {

using namespace std::chrono_literals;
using namespace test;

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

TEST(IpFragments, SmallPiecesCountAsWhatTheyCost) {
    FragmentTable table;
    IpPacket fragment;
    fragment.source = parse_ip("10.0.0.1").value();
    fragment.destination = parse_ip("10.0.0.2").value();
    fragment.payload = ByteView("12345678");
    fragment.length = 8;
    fragment.fragment = {0, 8, true};
    EXPECT_FALSE(table.add(fragment));
    const std::size_t one = table.held_bytes();
    EXPECT_GT(one, 80U);
    fragment.fragment->offset = 24;
    EXPECT_FALSE(table.add(fragment));
    EXPECT_EQ(table.held_bytes(), 2 * one);
    fragment.fragment->offset = 12;  // an overlap
    EXPECT_FALSE(table.add(fragment));
    EXPECT_EQ(table.held_bytes(), 0U);
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
    EXPECT_EQ(read(Bytes("\x1f\x8b\x08\x00", 4)).error, "x.pcap is neither pcap nor pcapng");
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
