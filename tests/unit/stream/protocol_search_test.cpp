// The search for a protocol: what an unknown connection costs, when it becomes known after all, and claims
// that are withdrawn.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/endian.h"
#include "support/conversation.h"

namespace sslsniff {
namespace {

using test::Conversation;
using test::Player;
using test::received;
using test::sent;
using Lines = std::vector<std::string>;

const std::string kRequest = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string kResponse = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

std::string command(const std::vector<std::string>& words) {
    std::string out = fmt::format("*{}\r\n", words.size());
    for (const std::string& word : words) {
        out += fmt::format("${}\r\n{}\r\n", word.size(), word);
    }
    return out;
}

std::string frame(char type, char flags, std::uint32_t stream, ByteView payload) {
    Bytes out;
    append_be(out, static_cast<std::uint32_t>(payload.size()) << 8U | static_cast<unsigned char>(type));
    out += flags;
    append_be(out, stream);
    return out.append(payload);
}

/// Questions and answers of a binary protocol, each a message behind its length.
Conversation foreign_turns(int turns) {
    Conversation out;
    for (int i = 0; i < turns; ++i) {
        const std::string text = fmt::format("SELECT name FROM users WHERE id = {}", i);
        out.push_back(sent("\xAB\xCD\x42\x07" + std::string(1, static_cast<char>(text.size())) + text));
        out.push_back(
            received(std::string("\xAB\xCE\x42\x07\2\x17\0\0\2\3def\4shop\5users", 23) + std::to_string(i)));
    }
    return out;
}

Conversation bulk(int chunks) {
    return Conversation(static_cast<std::size_t>(chunks), sent(std::string(16'384, 'B')));
}

/// What a connection becomes in the end.
struct Ending {
    std::string name;
    Conversation says;
};

std::vector<Ending> endings() {
    const std::string query("\0\x1b\0\7\1\0\0\1\0\0\0\0\0\0\1a\7example\0\0\1\0\1", 29);
    std::string answer = query;
    answer[4] = '\x81';
    answer[5] = '\x80';
    const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    return {
        {"http/1.1", {sent(kRequest), received(kResponse)}},
        {"redis", {sent(command({"GET", "k"})), received("$1\r\nv\r\n")}},
        {"dns", {sent(query), received(answer)}},
        {"h2",
         {sent(preface + frame(4, 0, 0, "") + frame(1, 5, 1, "\x82\x87\x84\x41\x01x")),
          received(frame(4, 0, 0, "") + frame(1, 5, 1, "\x88"))}},
        {"h2", {sent(frame(1, 5, 7, "\x82\x87\x84\x41\x01x")), received(frame(1, 5, 7, "\x88"))}},
    };
}

TEST(ProtocolSearch, KnowsAConnectionFromALaterMessageOn) {
    for (const Conversation& before : {foreign_turns(2), foreign_turns(1000), bulk(1), bulk(100)}) {
        for (const bool midstream : {false, true}) {
            for (Ending ending : endings()) {
                for (const bool other_end : {false, true}) {
                    if (other_end) {
                        ending.says = test::from_other_end(ending.says);
                    }
                    Player player;
                    player.open(1, midstream, Carrier::cleartext);
                    player.play(before);
                    player.data(Direction::received, "words of no protocol");
                    const bool turns = ending.says[0].direction == Direction::sent;
                    player.data(turns ? Direction::received : Direction::sent,
                                "and their answer, which is longer");
                    player.play(ending.says);
                    player.close();
                    const auto& connection = player.sink.connections.at(0);
                    EXPECT_EQ(connection.protocol, ending.name)
                        << size_of(before) << " bytes before, midstream " << midstream << ", other end "
                        << other_end;
                    EXPECT_EQ(player.sink.lines.size(), 1U)
                        << ending.name << ": "
                        << (player.sink.lines.empty() ? "" : player.sink.lines[0] + player.sink.lines.back())
                        << " " << size_of(before) << midstream << other_end;
                }
            }
        }
    }
}

TEST(ProtocolSearch, KnowsWhatComesBehindALineOfAProxy) {
    for (const std::string& proxy :
         {std::string("PROXY TCP4 10.0.0.1 10.0.0.2 40000 443\r\n"),
          std::string("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x0a\0\0\1\x0a\0\0\2\x9c\x40\1\xbb", 28)}) {
        Player player;
        player.open();
        player.data(Direction::sent, proxy);
        player.data(Direction::sent, kRequest);
        player.data(Direction::received, kResponse);
        player.close();
        ASSERT_EQ(player.sink.lines.size(), 1U);
        EXPECT_EQ(player.sink.lines[0].find("http/1.1 GET https://h/ -> 200 OK (0/0)"), 0U);
    }
}

TEST(ProtocolSearch, KeepsNothingOfTheUnknown) {
    for (const Conversation& unknown : {foreign_turns(1000), bulk(10)}) {
        for (const bool midstream : {false, true}) {
            Player player;
            player.open(1, midstream);
            const std::size_t before = player.table.held();
            player.play(unknown);
            player.play(unknown);
            EXPECT_LT(player.table.held(), before + 500) << midstream;
        }
    }
}

TEST(ProtocolSearch, JoinedAmidACommandShowsWhatFollows) {
    Player player;
    player.open(1, true, Carrier::cleartext);
    player.data(Direction::received, "llo\r\n" + command({"GET", "a"}));
    player.data(Direction::sent, "+OK\r\n$5\r\nhello\r\n");
    player.close();
    ASSERT_EQ(player.sink.lines.size(), 2U);
    EXPECT_FALSE(player.sink.integrities[0].complete);
    EXPECT_FALSE(player.sink.integrities[1].complete);
    EXPECT_EQ(player.sink.roles[0], Role::server);
}

TEST(ProtocolSearch, LikelyExchangesAreShownWhenTwoAgree) {
    Player player;
    player.open(1, true, Carrier::cleartext);
    // In the middle of a pipeline: no message begins where the capture does.
    player.data(Direction::sent, "rest\r\n" + command({"GET", "a"}));
    player.data(Direction::received, "est\r\n$1\r\n1\r\n");
    EXPECT_TRUE(player.sink.lines.empty());
    EXPECT_EQ(player.table.running_summary().transactions, 0U);
    player.data(Direction::sent, command({"GET", "b"}));
    player.data(Direction::received, "$1\r\n2\r\n");
    player.close();
    ASSERT_EQ(player.sink.lines.size(), 2U);
    EXPECT_NE(player.sink.lines[0].find("GET a -> \"1\""), std::string::npos) << player.sink.lines[0];
    EXPECT_EQ(player.sink.connections[0].protocol, "redis");
    EXPECT_EQ(player.sink.connections[0].transactions, 2U);
}

TEST(ProtocolSearch, ALikelyClaimIsWithdrawnWithTheRole) {
    Player player;
    player.open(1, true, Carrier::cleartext);
    player.data(Direction::sent, "get q\r\n");
    player.data(Direction::received, "DATA q 14\r\n" + command({"PING"}) + "\r\nEND\r\n");
    player.data(Direction::sent, "put a 7\r\n+PONG\r\n\r\n");
    player.data(Direction::received, "SAVED\r\n");
    player.data(Direction::sent, "get q\r\n");
    player.data(Direction::received, "DATA q 14\r\n" + command({"PING"}) + "\r\nEND\r\n");
    player.close();
    EXPECT_TRUE(player.sink.lines.empty()) << player.sink.lines[0];
    EXPECT_EQ(player.sink.connections.at(0).protocol, "");
    EXPECT_EQ(player.sink.connections[0].info.role, Role::unknown);
}

TEST(ProtocolSearch, AConnectionThatTurnedIntoSomethingElseIsFoundAgain) {
    Player player;
    player.open(1, false, Carrier::cleartext);
    player.data(Direction::sent, command({"PING"}));
    player.data(Direction::received, "+PONG\r\n");
    ASSERT_EQ(player.sink.lines.size(), 1U);
    for (int i = 0; i < 50; ++i) {
        player.data(Direction::sent, "?\1 no command \r\n\r\n");
        player.data(Direction::received, "\2 no reply\r\n");
    }
    player.data(Direction::sent, kRequest);
    player.data(Direction::received, kResponse);
    player.close();
    EXPECT_EQ(player.sink.lines.back().find("http/1.1 GET http://h/ -> 200 OK (0/0)"), 0U);
}

}  // namespace
}  // namespace sslsniff
