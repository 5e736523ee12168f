// Nothing that is not one of the protocols may be claimed by one: no transaction, no protocol name.
#include <gtest/gtest.h>

#include <random>

#include "protocols/decode_as.h"
#include "protocols/protocol.h"
#include "support/foreign.h"
#include "unit/protocols/dns/dns_builder.h"
#include "unit/protocols/mysql/packets.h"
#include "unit/protocols/postgresql/messages.h"

namespace sslsniff {
namespace {

using test::Foreign;
using test::received;
using test::sent;

void expect_unknown(const Foreign& foreign, const std::string& how) {
    for (const bool midstream : {false, true}) {
        const auto result = test::play_foreign(foreign, midstream);
        EXPECT_TRUE(result.lines.empty()) << foreign.name << how << ": " << result.lines.front();
        ASSERT_EQ(result.connections.size(), 1);
        EXPECT_EQ(result.connections[0].protocol, "")
            << foreign.name << how << (midstream ? ", midstream" : "");
    }
}

TEST(Detection, LeavesForeignProtocolsUnknown) {
    const auto all = test::foreign_conversations(SSLSNIFF_FIXTURES "/foreign");
    ASSERT_GE(all.size(), 100);
    for (Foreign foreign : all) {
        expect_unknown(foreign, "");
        const auto whole = foreign.conversation;
        if (!foreign.udp) {
            foreign.conversation = test::in_chunks(whole, 1);
            expect_unknown(foreign, " byte by byte");
        }
        foreign.conversation = test::from_other_end(whole);
        expect_unknown(foreign, " from the server's side");
        for (const Direction direction : {Direction::sent, Direction::received}) {
            foreign.conversation = whole;
            std::erase_if(foreign.conversation,
                          [&](const auto& piece) { return piece.direction == direction; });
            expect_unknown(foreign, " one direction alone");
        }
    }
}

TEST(Detection, LeavesRandomBytesUnknown) {
    std::mt19937 random(6);
    for (int trial = 0; trial < 100'000; ++trial) {
        std::string bytes(8 + random() % 120, 0);
        for (char& c : bytes) {
            c = static_cast<char>(random());
        }
        ConnectionInfo info;
        info.process = std::make_shared<ProcessInfo>();
        info.endpoints.transport = trial % 2 == 0 ? Transport::tcp : Transport::udp;
        const std::size_t middle = trial % 3 == 0 ? 0 : bytes.size() / 2;
        const ByteView view = bytes;
        using Start = Evidence::Start;
        const Evidence evidence{
            info,
            std::array{Start::beginning, Start::message, Start::anywhere}.at(static_cast<std::size_t>(trial) %
                                                                             5 % 3),
            {Evidence::Side{view.substr(0, middle)}, Evidence::Side{view.substr(middle)}}};
        for (const Protocol& protocol : protocols()) {
            ASSERT_LT(protocol.detect()->look(evidence), Verdict::likely)
                << protocol.name << " in trial " << trial;
        }
    }
}

/// Protocol names of a conversation however it comes.
void expect_known(const Foreign& known, bool midstream) {
    Foreign other = known;
    other.conversation = test::from_other_end(known.conversation);
    for (const Foreign& conversation : {known, other}) {
        const auto result = test::play_foreign(conversation, midstream);
        ASSERT_EQ(result.connections.size(), 1);
        EXPECT_EQ(result.connections[0].protocol, known.name) << (midstream ? "midstream" : "");
        EXPECT_FALSE(result.lines.empty()) << known.name;
    }
}

TEST(Detection, KnowsItsOwn) {
    const std::string query = test::DnsBuilder(1, test::DnsBuilder::kQuery).question("a.example", 1).tcp();
    const std::string answer =
        test::DnsBuilder(1, test::DnsBuilder::kResponse).question("a.example", 1).tcp();
    const Foreign redis{"redis", false, {sent("*1\r\n$4\r\nPING\r\n"), received("+PONG\r\n")}};
    const Foreign dns{"dns", false, {sent(query), received(answer)}};
    const Foreign http{"http/1.1",
                       false,
                       {sent("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
                        received("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")}};
    const Foreign postgresql{
        "postgresql",
        false,
        {sent(test::pg::startup("bob", "shop")), received(test::pg::authentication(0) + test::pg::ready()),
         sent(test::pg::query("SELECT 1")),
         received(test::pg::columns({{"x", 23}}) + test::pg::row({"1"}) + test::pg::complete("SELECT 1") +
                  test::pg::ready())}};
    using test::my::column;
    const Foreign mysql{"mysql",
                        false,
                        {received(test::my::greeting()), sent(test::my::login()), received(test::my::ok(2)),
                         sent(test::my::query("SELECT 1")),
                         received(test::my::packet(1, "\1") + column(2, "1", 3) + test::my::eof(3) +
                                  test::my::row(4, {"1"}) + test::my::eof(5))}};
    for (const bool midstream : {false, true}) {
        expect_known(postgresql, midstream);
        expect_known(mysql, midstream);
        expect_known(redis, midstream);
        expect_known(dns, midstream);
        expect_known(http, midstream);
    }
    expect_known({"redis", false, {sent("PING\r\n"), received("+PONG\r\n")}}, false);
    expect_known({"redis", false, {sent("*2\r\n$8\r\nJSON.GET\r\n$1\r\na\r\n"), received("$2\r\n{}\r\n")}},
                 false);
    expect_known({"dns", true, {sent(query.substr(2)), received(answer.substr(2))}}, false);
    expect_known({"redis",
                  false,
                  {received("alue\r\n"), sent("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"), received("$1\r\nv\r\n")}},
                 true);
}

TEST(Detection, KnowsConversationsOfItsOwn) {
    const auto all = test::foreign_conversations(SSLSNIFF_FIXTURES "/known");
    ASSERT_FALSE(all.empty());
    for (Foreign known : all) {
        known.name = known.name.substr(0, known.name.find('_'));
        for (const bool midstream : {false, true}) {
            expect_known(known, midstream);
            Foreign cut = known;
            cut.conversation = test::in_chunks(known.conversation, 1);
            expect_known(cut, midstream);
        }
    }
}

TEST(Detection, DecodeAsTakesWordsForACommand) {
    StreamLimits limits;
    limits.decode_as.push_back(parse_decode_as("6390=redis").value());
    const test::Conversation lines{sent("NOSUCH a b\r\n"), received("-ERR unknown command 'NOSUCH'\r\n")};
    for (const Role role : {Role::client, Role::server, Role::unknown}) {
        test::Player player(limits);
        player.open(1, false, Carrier::cleartext);
        EndpointsEvent endpoints;
        endpoints.connection = test::Player::id(1);
        endpoints.role = role;
        endpoints.endpoints.remote = *parse_endpoint("10.0.0.1:6390");
        player.table.on_event(endpoints);
        player.play(role == Role::server ? test::from_other_end(lines) : lines);
        player.finish();
        ASSERT_EQ(player.sink.lines.size(), 1) << to_string(role);
        EXPECT_NE(player.sink.lines[0].find("NOSUCH a b"), std::string::npos) << player.sink.lines[0];
    }
}

TEST(Detection, GivesWayToDecodeAs) {
    StreamLimits limits;
    const auto rule = parse_decode_as("7000=Redis");
    ASSERT_TRUE(rule.has_value());
    limits.decode_as.push_back(*rule);
    for (const std::string_view port : {"7000", "7001"}) {
        test::Player player(limits);
        player.open();
        EndpointsEvent endpoints;
        endpoints.connection = test::Player::id(1);
        endpoints.endpoints.remote = *parse_endpoint("10.0.0.1:" + std::string(port));
        player.table.on_event(endpoints);
        player.play({sent("NOSUCHCOMMAND a\r\n"), sent("PING\r\n"), received("+OK\r\n+PONG\r\n")});
        player.finish();
        EXPECT_EQ(player.sink.connections[0].protocol, port == "7000" ? "redis" : "") << port;
    }
    EXPECT_FALSE(parse_decode_as("redis").has_value());
    EXPECT_FALSE(parse_decode_as("0=redis").has_value());
    EXPECT_FALSE(parse_decode_as("70000=redis").has_value());
    EXPECT_EQ(parse_decode_as("1=x").error().message.find("'x' is not a protocol: choose one of "), 0);
}

}  // namespace
}  // namespace sslsniff
