// What comes in front of a protocol is taken off, however it is cut.

#include "protocols/preamble/preamble.h"

#include <gtest/gtest.h>

#include "support/conversation.h"

namespace sslsniff {
namespace {

using test::Conversation;
using test::play;
using test::received;
using test::sent;
using Lines = std::vector<std::string>;

const std::string kRequest = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string kResponse = "HTTP/1.1 204 N\r\n\r\n";
const Lines kLines{"http/1.1 GET https://h/x -> 204 N (0/0)"};

template <std::size_t N>
std::string raw(const char (&bytes)[N]) {
    return {bytes, N - 1};
}

void expect_taken_off(Conversation conversation) {
    conversation.push_back(sent(kRequest));
    conversation.push_back(received(kResponse));
    EXPECT_EQ(play(conversation).lines, kLines);
    EXPECT_EQ(play(from_other_end(conversation)).lines, kLines);
    EXPECT_EQ(play(in_chunks(conversation, 1)).lines, kLines);
    for (std::size_t offset = 0; offset < size_of(conversation); ++offset) {
        EXPECT_EQ(play(split_at(conversation, offset)).lines, kLines) << offset;
    }
    EXPECT_TRUE(play(conversation).integrities.at(0).complete);
}

TEST(Preamble, ProxyProtocol) {
    const std::string binary = raw("\r\n\r\n\0\r\nQUIT\n");
    for (const std::string& header :
         {std::string("PROXY TCP4 192.0.2.1 192.0.2.2 56324 80\r\n"),
          std::string("PROXY TCP6 2001:db8::1 ::1 1 2\r\n"), std::string("PROXY UNKNOWN\r\n"),
          binary + raw("\x21\x11\0\x0c\x7f\0\0\1\x7f\0\0\1\xdc\x04\0\x50"), binary + raw("\x20\0\0\0"),
          binary + raw("\x21\x11\0\x10\x7f\0\0\1\x7f\0\0\1\xdc\x04\0\x50\4\0\1x")}) {
        expect_taken_off({sent(header)});
        const Conversation at_once{sent(header + kRequest), received(kResponse)};
        EXPECT_EQ(play(at_once).lines, kLines);
    }
}

TEST(Preamble, Socks) {
    const std::string reply = raw("\5\0\0\1\x0a\0\0\2\4\x38");
    expect_taken_off(
        {sent(raw("\5\1\0")), received(raw("\5\0")), sent(raw("\5\1\0\1\x0a\0\0\1\0P")), received(reply)});
    expect_taken_off({sent(raw("\5\2\0\2")), received(raw("\5\2")), sent(raw("\1\4user\4pass")),
                      received(raw("\1\0")), sent(raw("\5\1\0\3\1h\0P")), received(reply)});
    expect_taken_off({sent(raw("\5\1\0")), received(raw("\5\0")),
                      sent(raw("\5\1\0\4") + std::string(16, '\1') + raw("\0P")), received(reply)});
    const std::string granted = raw("\0\x5a\0\0\0\0\0\0");
    expect_taken_off({sent(raw("\4\1\0P\x0a\0\0\1me\0")), received(granted)});
    expect_taken_off({sent(raw("\4\1\0P\0\0\0\1me\0h.example\0")), received(granted)});
}

/// "VIA CLIENT TARGET" of a conversation's connection.
std::string tunnel_of(Conversation conversation) {
    conversation.push_back(sent(kRequest));
    conversation.push_back(received(kResponse));
    const auto recording = play(conversation);
    const auto& tunnel = recording.connections.at(0).info.tunnel;
    return tunnel ? tunnel->via + " " + to_string(tunnel->client) + " " + tunnel->target : "none";
}

TEST(Preamble, EndsThatAreNamedBecomeTheTunnel) {
    const std::string binary = raw("\r\n\r\n\0\r\nQUIT\n");
    const std::string v6 = raw("\x20\1\x0d\xb8") + std::string(11, '\0') + "\1";
    EXPECT_EQ(tunnel_of({sent("PROXY TCP4 192.0.2.1 192.0.2.2 56324 80\r\n")}),
              "PROXY 192.0.2.1:56324 192.0.2.2:80");
    EXPECT_EQ(tunnel_of({sent("PROXY TCP6 2001:db8::1 ::1 1 2\r\n")}), "PROXY [2001:db8::1]:1 [::1]:2");
    EXPECT_EQ(tunnel_of({sent("PROXY UNKNOWN\r\n")}), "PROXY ? ");
    EXPECT_EQ(tunnel_of({sent("PROXY TCP4 nobody 192.0.2.2 70000 80\r\n")}), "PROXY ? ");
    EXPECT_EQ(tunnel_of({sent(binary + raw("\x21\x11\0\x0c\xc0\0\2\1\x7f\0\0\1\xdc\x04\0\x50"))}),
              "PROXY 192.0.2.1:56324 127.0.0.1:80");
    EXPECT_EQ(tunnel_of({sent(binary + raw("\x21\x21\0\x24") + v6 + v6 + raw("\0\1\0\2"))}),
              "PROXY [2001:db8::1]:1 [2001:db8::1]:2");
    EXPECT_EQ(tunnel_of({sent(binary + raw("\x21\x11\0\4abcd"))}), "PROXY ? ");  // too short for addresses
    EXPECT_EQ(tunnel_of({sent(binary + raw("\x20\x11\0\x0c\xc0\0\2\1\x7f\0\0\1\xdc\x04\0\x50"))}),
              "PROXY ? ");  // LOCAL: a health check of the proxy's own
    const std::string reply = raw("\5\0\0\1\x0a\0\0\2\4\x38");
    EXPECT_EQ(tunnel_of({sent(raw("\5\1\0")), received(raw("\5\0")), sent(raw("\5\1\0\3\x9h.example\0P")),
                         received(reply)}),
              "SOCKS5 ? h.example:80");
    EXPECT_EQ(tunnel_of({sent(raw("\5\1\0")), received(raw("\5\0")), sent(raw("\5\1\0\1\x0a\0\0\1\0P")),
                         received(reply)}),
              "SOCKS5 ? 10.0.0.1:80");
    const std::string granted = raw("\0\x5a\0\0\0\0\0\0");
    EXPECT_EQ(tunnel_of({sent(raw("\4\1\0P\x0a\0\0\1me\0")), received(granted)}), "SOCKS4 ? 10.0.0.1:80");
    EXPECT_EQ(tunnel_of({sent(raw("\4\1\0P\0\0\0\1me\0h.example\0")), received(granted)}),
              "SOCKS4 ? h.example:80");
    EXPECT_EQ(
        tunnel_of({sent("CONNECT h.example:443 HTTP/1.1\r\n\r\n"), received("HTTP/1.1 200 OK\r\n\r\n")}),
        "CONNECT ? h.example:443");
    EXPECT_EQ(tunnel_of({sent("PROXY TCP4 192.0.2.1 192.0.2.2 56324 80\r\nCONNECT h:443 HTTP/1.1\r\n\r\n"),
                         received("HTTP/1.1 200 OK\r\n\r\n")}),
              "CONNECT 192.0.2.1:56324 h:443");
    EXPECT_EQ(tunnel_of({}), "none");
}

TEST(Preamble, OthersAreLeftAlone) {
    for (const std::string& beginning :
         {std::string("PROXY nonsense\r\n"), raw("\5\0"), raw("\4\7\0P\x0a\0\0\1\0"),
          std::string("PROXY ") + std::string(200, 'x')}) {
        const auto recording = play({sent(beginning), received("?")});
        EXPECT_EQ(recording.lines, Lines{});
        EXPECT_EQ(recording.connections.at(0).protocol, "");
    }
    // The server refuses: nothing follows.
    EXPECT_EQ(play({sent(raw("\5\1\0")), received(raw("\5\xff"))}).connections.at(0).protocol, "");
}

}  // namespace
}  // namespace sslsniff
