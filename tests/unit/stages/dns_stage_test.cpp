#include "stages/dns_stage.h"

#include <gtest/gtest.h>

#include "protocols/http/http_exchange.h"
#include "support/conversation.h"
#include "unit/protocols/dns/dns_builder.h"

namespace sslsniff {
namespace {

using test::DnsBuilder;
using test::Player;
using test::received;
using test::sent;

/// A ConnectionTable whose transactions pass the stage.
struct Staged {
    test::RecordingSink sink;
    DnsStage stage{sink};
    ConnectionTable table{stage};
    Timestamp now;

    void connect(std::uint64_t number, Transport transport) {
        table.on_event(OpenEvent{Player::id(number), now, Carrier::cleartext, false, ""});
        EndpointsEvent endpoints;
        endpoints.connection = Player::id(number);
        endpoints.endpoints.transport = transport;
        table.on_event(endpoints);
    }
    void say(std::uint64_t number, const test::Conversation& conversation) {
        std::array<std::uint64_t, 2> at{};
        for (const test::Piece& piece : conversation) {
            auto& position = at[static_cast<std::size_t>(piece.direction)];
            table.on_event(DataEvent{Player::id(number), now, 1, piece.direction, position, piece.bytes});
            position += piece.bytes.size();
        }
    }
};

const DnsBuilder kQuery = DnsBuilder(0, DnsBuilder::kQuery).question("a.example", 1);
const DnsBuilder kAnswer =
    DnsBuilder(0, DnsBuilder::kResponse).question("a.example", 1).a("a.example", "\1\2\3\4");

std::string http(std::string_view start, std::string_view type, const std::string& body) {
    return std::string(start) + "\r\nHost: dns.example\r\nContent-Type: " + std::string(type) +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST(DnsStage, ShowsDnsOverHttps) {
    const std::string answer = http("HTTP/1.1 200 OK", "application/dns-message", kAnswer.udp());
    for (const std::string& request :
         {http("POST /dns-query HTTP/1.1", "Application/DNS-Message", kQuery.udp()),
          std::string(
              "GET /dns-query?ct&dns=AAABAAABAAAAAAAAAWEHZXhhbXBsZQAAAQAB HTTP/1.1\r\nHost: a\r\n\r\n")}) {
        Staged staged;
        staged.connect(1, Transport::tcp);
        staged.say(1, {sent(request), received(answer)});
        ASSERT_EQ(staged.sink.lines.size(), 2);
        EXPECT_NE(staged.sink.lines[0].find("http/1.1"), std::string::npos);
        EXPECT_EQ(staged.sink.lines[1].find("dns A a.example -> 1.2.3.4"), 0) << staged.sink.lines[1];
        EXPECT_EQ(staged.sink.fields[1].find("over_https=true request{name=\"a.example\""), 0);
    }
}

TEST(DnsStage, LeavesOtherHttpAlone) {
    Staged staged;
    staged.connect(1, Transport::tcp);
    staged.say(1, {sent("GET /?dns=8.8.8.8 HTTP/1.1\r\nHost: a\r\n\r\n"),
                   received(http("HTTP/1.1 200 OK", "text/plain", kAnswer.udp()))});
    EXPECT_EQ(staged.sink.lines.size(), 1);
}

TEST(DnsStage, LinksRetriesOverTcp) {
    Staged staged;
    staged.connect(1, Transport::udp);
    staged.say(1, {sent(kQuery.udp()), received(DnsBuilder(0, 0x8380).question("A.Example", 1).udp())});
    for (const bool soon : {true, false}) {
        const std::uint64_t number = soon ? 2 : 3;
        staged.now += soon ? std::chrono::seconds(1) : std::chrono::seconds(60);
        staged.connect(number, Transport::tcp);
        staged.say(number, {sent(kQuery.tcp()), received(kAnswer.tcp())});
        EXPECT_EQ(staged.sink.fields.back().find("retried_over_tcp=true") != std::string::npos, soon);
    }
    EXPECT_EQ(staged.sink.lines.size(), 3);
}

}  // namespace
}  // namespace sslsniff
