// Finding out the protocol, and staying silent when it is none.

#include <gtest/gtest.h>

#include <random>

#include "support/conversation.h"

namespace sslsniff {
namespace {

using test::Conversation;
using test::play;
using test::Player;
using test::received;
using test::Recording;
using test::sent;
using Lines = std::vector<std::string>;

TEST(Detection, ForeignProtocolsStayUnknown) {
    const std::vector<Conversation> foreign{
        {received("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), sent("SSH-2.0-OpenSSH_9.9\r\n"),
         received(std::string("\0\0\5\x14\x0a\x14", 6))},
        {received("220 ftp.example.com FTP server ready\r\n"), sent("USER me\r\n"),
         received("331 Password required\r\n"), sent("HELP\r\n"), received("214-Commands\r\n214 Done\r\n"),
         sent("QUIT\r\n")},
        {received("+OK POP3 ready\r\n"), sent("USER x\r\n"), received("+OK\r\n")},
        {received("200 NNTP ready\r\n"), sent("GROUP a.b\r\n"), received("211 1 1 1 a.b\r\n")},
        {sent("OPTIONS rtsp://h/x RTSP/1.0\r\nCSeq: 1\r\n\r\n"),
         received("RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n")},
        {sent("GET /\r\n"), received("<html>")},
        {sent("INVITE sip:a@b SIP/2.0\r\n\r\n"), received("SIP/2.0 200 OK\r\n\r\n")},
        {sent("reserve\r\n"), received("RESERVED 1 1\r\nx\r\n")},
    };
    for (const auto& conversation : foreign) {
        for (const std::size_t size : {1U, 5U, 1000U}) {
            const Recording recording = play(test::in_chunks(conversation, size));
            EXPECT_EQ(recording.lines, Lines{});
            EXPECT_EQ(recording.connections.at(0).protocol, "");
            EXPECT_EQ(recording.connections[0].sent.bytes + recording.connections[0].received.bytes,
                      size_of(conversation));
        }
    }
}

TEST(Detection, RandomBytesStayUnknown) {
    std::mt19937 random(1);
    for (int round = 0; round < 200; ++round) {
        Player player;
        player.open(1, round % 2 == 0);
        for (int i = 0; i < 20; ++i) {
            std::string bytes(random() % 2000, '\0');
            for (char& c : bytes) {
                c = static_cast<char>(random());
            }
            player.data(random() % 2 == 0 ? Direction::sent : Direction::received, bytes);
        }
        player.close();
        EXPECT_EQ(player.sink.lines, Lines{});
    }
}

TEST(Detection, LongRequestLineInManyChunks) {
    const std::string target = "/" + std::string(10'000, 'x');
    const Recording recording = play(test::in_chunks(
        {sent("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n"), received("HTTP/1.1 204 No Content\r\n\r\n")},
        3));
    EXPECT_EQ(recording.lines, Lines{"http/1.1 GET https://h" + target + " -> 204 No Content (0/0)"});
}

TEST(Detection, StartsAfreshWithEachChunkOfTheUnknown) {
    const Recording recording =
        play({sent("STARTTLS-like preamble\n"), received("go ahead\n"),
              sent("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), received("HTTP/1.1 204 No Content\r\n\r\n"),
              sent("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n"), received("HTTP/1.1 204 No Content\r\n\r\n")});
    ASSERT_EQ(recording.lines.size(), 2U);
    EXPECT_EQ(recording.lines[1], "http/1.1 GET https://h/2 -> 204 No Content (0/0)");
}

TEST(Detection, WhatOnlyResemblesARequestWaitsForTheAnswer) {
    for (const char* other : {"RTSP/1.0 200 OK\r\n\r\n", "+OK\r\n", "?"}) {
        const Recording recording = play({sent("OPTIONS rtsp://h RTSP/1.0\r\n\r\n"), received(other)});
        EXPECT_EQ(recording.lines, Lines{}) << other;
        EXPECT_EQ(recording.connections.at(0).protocol, "");
    }
    EXPECT_EQ(play({sent("GET\r\n\r\n")}).lines, Lines{});
}

}  // namespace
}  // namespace sslsniff
