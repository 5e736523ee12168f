// What exchanges of each protocol say of themselves to who counts them.

#include <gtest/gtest.h>

#include "protocols/dns/dns.h"
#include "protocols/redis/redis.h"
#include "support/conversation.h"
#include "support/recording_host.h"
#include "unit/protocols/dns/dns_builder.h"
#include "unit/protocols/hpack/hpack_support.h"
#include "unit/protocols/http2/http2_support.h"

namespace sslsniff {
namespace {

using hpack::unhex;
using http2::frame;
using test::Conversation;
using test::DnsBuilder;
using test::received;
using test::sent;
using Lines = std::vector<std::string>;

constexpr std::uint16_t kA = 1;

Lines facts_of(const Conversation& conversation) {
    return test::play(conversation).facts;
}

Lines facts_of(test::RecordingHost::Create create, const Conversation& conversation) {
    test::RecordingHost host;
    EXPECT_TRUE(host.run(create, conversation));
    Lines lines;
    for (const auto& emitted : host.emitted) {
        lines.push_back(test::render_facts(*emitted.exchange));
    }
    return lines;
}

std::string answer(std::string_view status, std::string_view body = "") {
    return "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + std::string(body);
}

TEST(Facts, OfHttp1) {
    const std::string get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
    EXPECT_EQ(
        facts_of({sent(get), received(answer("200 OK", "hello")), sent(get),
                  received(answer("301 Moved Permanently")), sent(get), received(answer("404 Not Found")),
                  sent("POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"),
                  received(answer("503 Service Unavailable")), sent(get)}),
        (Lines{"GET https://x/a ok 0/5", "GET https://x/a redirected 0/0",
               "GET https://x/a client_error 404 0/0", "POST https://x/b server_error 503 2/0",
               "GET https://x/a unanswered 0/0"}));
}

std::string literal(const std::string& name, const std::string& value) {
    return std::string(1, '\0') + static_cast<char>(name.size()) + name + static_cast<char>(value.size()) +
           value;
}

const std::string kOpening = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, "");
const std::string kAuthority = literal(":authority", "a");

std::string reset(std::uint32_t stream, char code) {
    return frame(3, 0, stream, std::string{0, 0, 0, code});
}

TEST(Facts, OfHttp2) {
    const std::string get = unhex("8287") + literal(":path", "/p") + kAuthority;
    EXPECT_EQ(facts_of({sent(kOpening + frame(1, 5, 1, get)),
                        received(frame(4, 0, 0, "") + frame(1, 5, 1, unhex("8d"))),  // 404
                        sent(frame(1, 5, 3, get) + reset(3, 8)), sent(frame(1, 5, 5, get)),
                        received(frame(1, 4, 5, unhex("88")) + frame(0, 0, 5, "abc") + reset(5, 0))}),
              (Lines{"GET https://a/p client_error 404 0/0", "GET https://a/p failed CANCEL 0/0",
                     "GET https://a/p ok 0/3"}));
}

TEST(Facts, OfAnAnswerWhoseStatusIsNotKnown) {
    test::Player player;
    player.open(1, true);
    const std::string get = unhex("8287") + literal(":path", "/p") + kAuthority;
    const std::string head = unhex("be") + literal("server", "s");  // :status is in the part not seen
    player.data(Direction::sent, frame(1, 5, 1, get) + frame(1, 5, 3, get));
    player.data(Direction::received,
                frame(1, 4, 1, head) + frame(0, 1, 1, "abc") + frame(1, 4, 3, head) + frame(0, 1, 3, "abc"));
    player.close();
    player.finish();
    EXPECT_EQ(player.sink.facts, (Lines{"GET https://a/p unknown 0/3", "GET https://a/p unknown 0/3"}));
}

TEST(Facts, OfGrpc) {
    const std::string call = unhex("8387") + literal(":path", "/pkg.Greeter/Hello") + kAuthority +
                             literal("content-type", "application/grpc");
    const std::string head = unhex("88") + literal("content-type", "application/grpc");
    const std::string message("\0\0\0\0\1x", 6);
    const auto with_status = [&](std::uint32_t stream, const std::string& status) {
        return Conversation{sent(frame(1, 4, stream, call) + frame(0, 1, stream, message)),
                            received(frame(1, 4, stream, head) + frame(0, 0, stream, message) +
                                     frame(1, 5, stream, literal("grpc-status", status)))};
    };
    Conversation all = {sent(kOpening), received(frame(4, 0, 0, ""))};
    std::uint32_t stream = 1;
    for (const std::string status : {"0", "5", "14", "99"}) {
        const Conversation one = with_status(stream, status);
        all.insert(all.end(), one.begin(), one.end());
        stream += 2;
    }
    EXPECT_EQ(facts_of(all),
              (Lines{"pkg.Greeter/Hello https://a/pkg.Greeter/Hello ok 6/6",
                     "pkg.Greeter/Hello https://a/pkg.Greeter/Hello client_error NOT_FOUND 6/6",
                     "pkg.Greeter/Hello https://a/pkg.Greeter/Hello server_error UNAVAILABLE 6/6",
                     "pkg.Greeter/Hello https://a/pkg.Greeter/Hello server_error 99 6/6"}));
}

TEST(Facts, OfMessages) {
    const std::string upgrade =
        "GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    const std::string switched =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    EXPECT_EQ(facts_of({sent(upgrade), received(switched), received(std::string("\x81\x02hi"))}),
              (Lines{"GET https://x/chat ok 0/0", "text https://x/chat ok 0/2"}));
}

TEST(Facts, OfRedis) {
    EXPECT_EQ(
        facts_of(create_redis,
                 {sent("*2\r\n$3\r\nget\r\n$1\r\nk\r\n"), received("$1\r\nv\r\n"),
                  sent("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"), received("-MOVED 1 127.0.0.1:6381\r\n"),
                  sent("*2\r\n$4\r\nINCR\r\n$1\r\nk\r\n"), received("-WRONGTYPE not that\r\n"),
                  sent("*1\r\n$4\r\nPING\r\n"), received("-LOADING wait\r\n"), sent("*1\r\n$4\r\nPING\r\n")}),
        (Lines{"GET k ok 20/7", "GET k redirected 20/25", "INCR k client_error WRONGTYPE 21/21",
               "PING - server_error LOADING 14/15", "PING - unanswered 14/0"}));
}

TEST(Facts, OfRedisWithoutAnswers) {
    EXPECT_EQ(facts_of(create_redis, {sent("*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$3\r\nOFF\r\n")}),
              (Lines{"CLIENT - ok 36/0"}));
}

TEST(Facts, OfDns) {
    const auto query = [](std::uint16_t id, std::string_view name) {
        return DnsBuilder(id, DnsBuilder::kQuery).question(name, kA).tcp();
    };
    const auto response = [](std::uint16_t id, std::string_view name, std::uint16_t code) {
        const auto flags = static_cast<std::uint16_t>(DnsBuilder::kResponse + code);
        return DnsBuilder(id, flags).question(name, kA).tcp();
    };
    EXPECT_EQ(facts_of(create_dns, {sent(query(1, "a.example")), received(response(1, "a.example", 0)),
                                    sent(query(2, "b.example")), received(response(2, "b.example", 3)),
                                    sent(query(3, "c.example")), received(response(3, "c.example", 2)),
                                    sent(query(4, "d.example"))}),
              (Lines{"A a.example ok 27/27", "A b.example client_error NXDOMAIN 27/27",
                     "A c.example server_error SERVFAIL 27/27", "A d.example unanswered 27/0"}));
}

/// Colours say the same, except where a protocol has a reason.
TEST(Facts, GiveColours) {
    EXPECT_EQ(tone_of(Outcome::ok), Summary::Tone::normal);
    EXPECT_EQ(tone_of(Outcome::redirected), Summary::Tone::redirect);
    EXPECT_EQ(tone_of(Outcome::client_error), Summary::Tone::client_error);
    EXPECT_EQ(tone_of(Outcome::server_error), Summary::Tone::server_error);
    for (const Outcome outcome : {Outcome::failed, Outcome::unanswered, Outcome::unknown}) {
        EXPECT_EQ(tone_of(outcome), Summary::Tone::incomplete) << to_string(outcome);
    }
}

}  // namespace
}  // namespace sslsniff
