#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "protocols/dns/dns.h"
#include "support/recording_host.h"
#include "unit/protocols/dns/dns_builder.h"

namespace sslsniff {
namespace {

using test::Conversation;
using test::DnsBuilder;
using test::received;
using test::RecordingHost;
using test::sent;
using Lines = std::vector<std::string>;

constexpr std::uint16_t kA = 1;
constexpr std::uint16_t kAaaa = 28;

DnsBuilder query(std::uint16_t id, std::string_view name, std::uint16_t type = kA) {
    return DnsBuilder(id, DnsBuilder::kQuery).question(name, type);
}
DnsBuilder response(std::uint16_t id, std::string_view name, std::uint16_t type = kA,
                    std::uint16_t flags = DnsBuilder::kResponse) {
    return DnsBuilder(id, flags).question(name, type);
}

Lines run(const Conversation& conversation, Transport transport = Transport::tcp) {
    RecordingHost host;
    host.info.endpoints.transport = transport;
    EXPECT_TRUE(host.run(create_dns, conversation));
    return host.lines();
}

/// Three pipelined queries over TCP, answered out of order.
test::ParserExample pipelined() {
    return {
        {sent(query(1, "a.example").tcp() + query(2, "a.example", kAaaa).tcp() +
              query(3, "nx.example").tcp()),
         received(
             response(3, "nx.example", kA, 0x8183).tcp() +
             response(1, "A.Example").a("a.example", "\x01\x02\x03\x04").a("a.example", "\1\1\1\1").tcp()),
         received(response(2, "a.example", kAaaa).tcp())},
        {"A nx.example -> NXDOMAIN", "A a.example -> 1.2.3.4 (+1)", "AAAA a.example -> no data"}};
}

TEST(DnsParser, MatchesOutOfOrderOverTcpHoweverItIsCut) {
    test::expect_however_cut(create_dns, pipelined());
}

TEST(DnsParser, NeverInventsAPairAfterAGap) {
    const test::ParserExample example = pipelined();
    for (const bool known : {true, false}) {
        for (const std::size_t count : {1U, 5U, 40U}) {
            for (std::size_t at = 0; at < size_of(example.conversation); ++at) {
                RecordingHost host;
                const auto holed = test::with_gap(example.conversation, at, count);
                if (!host.run(create_dns, holed, {}, known)) {
                    continue;
                }
                for (const std::string& line : host.lines()) {
                    if (line.find(" !") == std::string::npos) {
                        ASSERT_NE(std::ranges::find(example.lines, line), example.lines.end()) << line << at;
                    }
                }
            }
        }
    }
}

TEST(DnsParser, FindsTheNextMessageAfterAGap) {
    RecordingHost host;
    const auto parser = create_dns(host, {});
    parser->feed(Direction::sent, query(1, "a.example").tcp(), {});
    parser->gap(Direction::received, 0, {});
    parser->feed(Direction::received,
                 "\x12\x34rest" + response(1, "a.example").tcp() + response(9, "b.example").tcp(), {});
    parser->finish({});
    EXPECT_EQ(host.lines(), (Lines{"A a.example -> no data", "A b.example -> no data !query not seen"}));
}

TEST(DnsParser, TakesEachDatagramAsAMessage) {
    EXPECT_EQ(run({sent(query(1, "a.example").udp()), sent(query(1, "a.example").udp()),
                   received(response(1, "b.example").udp()), received(response(1, "a.example").udp()),
                   received("x"), sent(query(7, "c.example").udp())},
                  Transport::udp),
              (Lines{"A b.example -> no data !query not seen", "A a.example -> no data",
                     "(no question) ->  !malformed message", "A c.example ->  !no response"}));
}

TEST(DnsParser, ComparesThePeer) {
    RecordingHost host;
    host.info.endpoints.transport = Transport::udp;
    const auto parser = create_dns(host, {});
    const auto peer = [&](std::string_view text) { host.info.endpoints.remote = *parse_endpoint(text); };
    peer("9.9.9.9:53");
    parser->feed(Direction::sent, query(1, "a.example").udp(), {});
    peer("8.8.8.8:53");
    parser->feed(Direction::received, response(1, "a.example").udp(), {});
    peer("9.9.9.9:53");
    parser->feed(Direction::received, response(1, "a.example").udp(), {});
    EXPECT_EQ(host.lines(), (Lines{"A a.example -> no data !query not seen", "A a.example -> no data"}));
}

TEST(DnsParser, TimesOutByEventTime) {
    RecordingHost host;
    host.info.endpoints.transport = Transport::udp;
    const auto parser = create_dns(host, {});
    const Timestamp start{};
    parser->feed(Direction::sent, query(1, "a.example").udp(), start);
    parser->feed(Direction::sent, query(2, "b.example").udp(), start + std::chrono::seconds(4));
    EXPECT_TRUE(host.emitted.empty());
    parser->feed(Direction::received, response(2, "b.example").udp(), start + std::chrono::seconds(6));
    EXPECT_EQ(host.lines(), (Lines{"A b.example -> no data", "A a.example ->  !no response"}));
    EXPECT_EQ(*host.emitted[0].timing.end - host.emitted[0].timing.start, std::chrono::seconds(2));
}

TEST(DnsParser, FlagsTruncationAndErrors) {
    EXPECT_EQ(run({sent(query(1, "a.example").udp()), received(response(1, "a.example", kA, 0x8380).udp()),
                   sent(query(2, "b.example").udp()), received(response(2, "b.example", kA, 0x8182).udp())},
                  Transport::udp),
              (Lines{"A a.example -> no data, truncated", "A b.example -> SERVFAIL"}));
}

TEST(DnsParser, ShowsMulticastUnpaired) {
    RecordingHost host;
    host.info.endpoints.transport = Transport::udp;
    host.info.endpoints.local.port = 5353;
    EXPECT_TRUE(host.run(
        create_dns, {sent(DnsBuilder(0, 0).question("host.local", kA, 0x8001).udp()),
                     received(DnsBuilder(0, 0x8400).answer("host.local", kA, "\1\2\3\4", 0x8001).udp())}));
    EXPECT_EQ(host.lines(), (Lines{"A host.local -> ", " -> A host.local 1.2.3.4"}));
    EXPECT_NE(host.fields(0).find("unicast_reply=true"), std::string::npos);
    EXPECT_NE(host.fields(1).find("cache_flush=true"), std::string::npos);
}

TEST(DnsParser, CollectsZoneTransfers) {
    constexpr std::uint16_t kAxfr = 252;
    const std::string soa("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22);
    const auto continued = [] { return DnsBuilder(1, 0x8400); };
    EXPECT_EQ(run({sent(query(1, "example", kAxfr).tcp()),
                   received(response(1, "example", kAxfr).answer("example", 6, soa).tcp() +
                            continued().a("a.example", "\1\1\1\1").a("b.example", "\1\1\1\1").tcp()),
                   received(continued().answer("example", 6, soa).tcp())}),
              (Lines{"AXFR example -> 4 records in 3 messages"}));
}

TEST(DnsParser, WritesFields) {
    RecordingHost host;
    host.run(create_dns,
             {sent(query(1, "xn--bcher-kva.example").tcp()),
              received(response(1, "xn--bcher-kva.example").a("xn--bcher-kva.example", "\1\2\3\4").tcp())});
    EXPECT_EQ(
        host.fields(0),
        R"(request{name="xn--bcher-kva.example" unicode="bücher.example" type="A" class="IN" id=1 )"
        R"(opcode="QUERY" recursion_desired=true checking_disabled=false bytes=39} )"
        R"(response{rcode="NOERROR" authoritative=false truncated=false recursion_available=true )"
        R"(authentic_data=false answers[{name="xn--bcher-kva.example" type="A" class="IN" ttl=60 )"
        R"(data="1.2.3.4"}] authority[] additional[] answer_count=1 authority_count=0 additional_count=0 )"
        R"(bytes=76})");
}

TEST(DnsParser, RejectsWhatIsNotDns) {
    RecordingHost host;
    EXPECT_FALSE(host.run(create_dns, {sent("SSH-2.0-OpenSSH_9.2p1\r\n" + std::string(65536, 'x'))}));
    EXPECT_TRUE(host.emitted.empty());
    host.info.endpoints.transport = Transport::udp;
    EXPECT_FALSE(host.run(create_dns, {sent("stats:1|c")}));
}

Lines run_on_port(const Conversation& conversation, std::uint16_t port) {
    RecordingHost host;
    host.info.endpoints.transport = Transport::udp;
    host.info.endpoints.remote.port = port;
    host.run(create_dns, conversation);
    return host.lines();
}

TEST(DnsParser, ShowsOdditiesOnItsPort) {
    struct Odd {
        std::string query;
        std::string line;
    };
    const std::string good = query(1, "a.example").udp();
    for (const auto& [bytes, line] :
         {Odd{DnsBuilder(1, 0x2400).question("a.example", 6).udp(),
              "NOTIFY SOA a.example (odd: authoritative answer bit in a query) ->  !no response"},
          Odd{query(1, "a.example", 10).udp(), "NULL a.example ->  !no response"},
          Odd{query(1, "a.example", 65'534).udp(), "TYPE65534 a.example ->  !no response"},
          Odd{DnsBuilder(1, 0x0140).question("a.example", kA).udp(),
              "A a.example (odd: Z bit set) ->  !no response"},
          Odd{DnsBuilder(1, 0x0105).question("a.example", kA).udp(),
              "A a.example (odd: query with an rcode) ->  !no response"},
          Odd{good + "MS", "A a.example (odd: 2 bytes after the last record) ->  !no response"},
          Odd{DnsBuilder(1, 0x7900).question("a.example", kA).udp(),
              "OPCODE15 A a.example (odd: unknown opcode) ->  !no response"}}) {
        EXPECT_EQ(run_on_port({sent(bytes)}, 53), Lines{line});
    }
}

/// A capture that cut a datagram says how much is missing in the next event.
TEST(DnsParser, CutDatagramsMissBytes) {
    const std::string answer =
        response(1, "a.example").a("a.example", "\1\2\3\4").a("a.example", "\1\1\1\1").udp();
    for (std::size_t size = 27; size < answer.size(); ++size) {
        for (const bool told : {true, false}) {
            RecordingHost host;
            host.info.endpoints.transport = Transport::udp;
            const auto parser = create_dns(host, {});
            parser->feed(Direction::sent, query(1, "a.example").udp(), {});
            parser->feed(Direction::received, answer.substr(0, size), {});
            if (told) {
                parser->gap(Direction::received, answer.size() - size, {});
            }
            parser->feed(Direction::sent, query(2, "b.example").udp(), {});
            parser->finish({});
            ASSERT_EQ(host.emitted.size(), 2U);
            EXPECT_EQ(host.emitted[0].integrity.missing_bytes, told ? answer.size() - size : 0);
            EXPECT_EQ(host.emitted[0].integrity.reason, told ? "gap in message" : "malformed message");
            EXPECT_EQ(host.fields(0).find("malformed") == std::string::npos, told);
        }
    }
}

/// RFC 8490: no questions, TLVs instead of records; messages with id 0 are not answered.
TEST(DnsParser, StatefulOperations) {
    const std::string keep_alive("\0\1\0\x08\0\0\x3A\x98\0\0\x3A\x98", 12);
    const auto framed = [](const std::string& message) {
        return std::string{static_cast<char>(message.size() >> 8), static_cast<char>(message.size())} +
               message;
    };
    const std::string request = framed(DnsBuilder(7, 0x3000).udp() + keep_alive);
    const std::string answer = framed(DnsBuilder(7, 0xB000).udp() + keep_alive);
    const std::string push = framed(DnsBuilder(0, 0x3000).udp() + std::string("\0\x41\0\1x", 5));
    const Lines lines{"DSO KeepAlive -> NOERROR", "DSO PUSH -> "};
    for (const std::size_t size : {std::size_t{1}, std::size_t{3}, std::size_t{1000}}) {
        RecordingHost host;
        host.info.endpoints = {
            .transport = Transport::tcp, .local = {}, .remote = *parse_endpoint("9.9.9.9:853")};
        EXPECT_TRUE(host.run(create_dns, test::in_chunks({sent(request), received(answer + push)}, size)));
        EXPECT_EQ(host.lines(), lines) << size;
        EXPECT_NE(host.fields(0).find("tlvs[{type=\"KeepAlive\" data=\"00003a9800003a98\"}]"),
                  std::string::npos);
    }
}

}  // namespace
}  // namespace sslsniff
