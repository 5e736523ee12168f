#include "output/text/text_sink.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "output/text/summary_text.h"
#include "support/fake_exchange.h"
#include "support/sample_body.h"
#include "support/sample_connection.h"

namespace sslsniff {
namespace {

using test::at_us;

class TextSinkTest : public testing::Test {
  protected:
    TextSinkTest() {
        exchange->text.request = "GET https://example.com/x";
        exchange->text.response = "200 OK";
        exchange->text.response_bytes = 1234;
        timing.start = at_us(0);
        timing.end = at_us(12'345);
    }

    std::string transaction() {
        TextSink sink(out_, options);
        sink.on_transaction({connection, timing, integrity, std::move(exchange)});
        return out_.bytes();
    }
    std::string closing() {
        TextSink sink(out_, options);
        sink.on_connection({connection, at_us(80'000'000), reason, protocol, transactions, sent, received});
        return out_.bytes();
    }

    ConnectionInfo connection = test::sample_connection();
    Timing timing;
    Integrity integrity;
    std::unique_ptr<test::FakeExchange> exchange = std::make_unique<test::FakeExchange>();
    TextOptions options;
    CloseReason reason = CloseReason::freed;
    std::string protocol;
    std::uint64_t transactions = 0;
    StreamTotals sent;
    StreamTotals received;

    MemoryOutputStream out_;
};

TEST_F(TextSinkTest, OneLinePerTransaction) {
    EXPECT_EQ(transaction(),
              "12:00:01.123456 curl[4242] 10.0.0.5:51234 > 93.184.216.34:443 TLSv1.3  "
              "GET https://example.com/x → 200 OK  12.3ms  ↑0 ↓1.2k\n");
}

TEST_F(TextSinkTest, NamesProtocolsThatDoNotShow) {
    exchange->name = "h2";
    EXPECT_NE(transaction().find(" TLSv1.3 h2  GET"), std::string::npos);
}

TEST_F(TextSinkTest, UnknownThingsAreShownAsUnknown) {
    connection.role = Role::unknown;
    connection.endpoints = {};
    connection.tls.version.clear();
    exchange->text.request.clear();
    timing.end.reset();
    EXPECT_EQ(transaction(), "12:00:01.123456 curl[4242] ? - ? TLS  ? → 200 OK  ↑0 ↓1.2k\n");
}

TEST_F(TextSinkTest, ServersPointTheOtherWayAndCleartextSaysSo) {
    connection.role = Role::server;
    connection.carrier = Carrier::cleartext;
    EXPECT_NE(transaction().find("10.0.0.5:51234 < 93.184.216.34:443 cleartext  GET"), std::string::npos);
}

TEST_F(TextSinkTest, ForeignCapturesHaveNoProcess) {
    connection.process = std::make_shared<const ProcessInfo>();
    EXPECT_TRUE(transaction().starts_with("12:00:01.123456 10.0.0.5:51234 > "));
}

TEST_F(TextSinkTest, IncompleteExchangesSaySo) {
    integrity = {.complete = false, .missing_bytes = 4100, .joined_midstream = true, .reason = "gap in body"};
    EXPECT_TRUE(transaction().ends_with("  [gap in body, 4.1k missing, joined mid-stream]\n"));
}

TEST_F(TextSinkTest, UnansweredRequestsSaySo) {
    exchange->text.response.clear();
    timing.end.reset();
    integrity = {.complete = false, .missing_bytes = 0, .joined_midstream = false, .reason = "no response"};
    EXPECT_TRUE(transaction().ends_with("  GET https://example.com/x  ↑0 ↓1.2k  [no response]\n"));
}

TEST_F(TextSinkTest, TimesAreInTheZoneThatWasInjected) {
    options.utc_offset = [](Timestamp) { return std::chrono::minutes(-(12 * 60 + 30)); };
    EXPECT_TRUE(transaction().starts_with("23:30:01.123456 "));
}

TEST_F(TextSinkTest, LinesFitTheTerminal) {
    options.columns = [] { return 80; };
    exchange->text.request = "GET https://example.com/" + std::string(300, 'x');
    integrity = {.complete = false, .missing_bytes = 0, .joined_midstream = false, .reason = "gap in body"};
    const std::string line = transaction();
    EXPECT_EQ(line,
              "12:00:01 curl[4242] :51234 > 93.184.216.34:443 TLSv1.3  "
              "GET https://exa… → 200 OK  12.3ms  ↑0 ↓1.2k  [gap in body]\n");
}

TEST_F(TextSinkTest, OnlyWhatIsTooLongForTheTerminalIsShortened) {
    options.columns = [] { return 170; };
    options.color = true;
    exchange->text.request = "GET https://example.com/äöü" + std::string(300, 'x');
    exchange->text.response = "200 OK";
    const std::string line = transaction();
    EXPECT_NE(line.find("GET https://example.com/äöüx"), std::string::npos) << line;
    EXPECT_NE(line.find("xx… → \x1b[32m200 OK\x1b[0m  12.3ms  ↑0 ↓1.2k\n"), std::string::npos) << line;
}

TEST_F(TextSinkTest, WithHeadersLinesAreWhole) {
    options.columns = [] { return 80; };
    options.verbosity = 1;
    exchange->text.request = "GET https://example.com/" + std::string(300, 'x');
    EXPECT_NE(transaction().find(std::string(300, 'x')), std::string::npos);
}

TEST_F(TextSinkTest, NoControlCharacterPasses) {
    connection.process = std::make_shared<const ProcessInfo>(
        ProcessInfo{.key = {1, 0}, .comm = "e\x1b[2Jl\n", .exe = "", .uid = 0, .container_id = ""});
    connection.tls.version = "T\aLS";
    exchange->name = "x\x9b";
    exchange->text.request = "GET /\r\n\x1b]0;owned\a\xe2\x80\xae";
    exchange->text.response = "200\x7f";
    integrity = {.complete = false, .missing_bytes = 0, .joined_midstream = false, .reason = "\x1b"};
    exchange->lines = {{'>', "Host: \x1b[31m\nforged"}};
    exchange->bodies = {{'<', test::sample_body(9, "a\x1b[0m\n\tb\r\n", "text/\x1b")},
                        {'<', test::sample_body(1, std::string(1, '\0'), "\x1b\n")}};
    options.verbosity = 2;
    const std::string text = transaction();
    EXPECT_EQ(text,
              "12:00:01.123456 e\\x1b[2Jl\\x0a[1] 10.0.0.5:51234 > 93.184.216.34:443 T\\x07LS x\\x9b  "
              "GET /\\x0d\\x0a\\x1b]0;owned\\x07\\xe2\\x80\\xae → 200\\x7f  12.3ms  ↑0 ↓1.2k  [\\x1b]\n"
              "    * T\\x07LS\n"
              "    > Host: \\x1b[31m\\x0aforged\n"
              "    < a\\x1b[0m\n"
              "    < \tb\n"
              "    < [1 bytes: \\x1b\\x0a]\n");
}

TEST_F(TextSinkTest, OnlyColourWhenAsked) {
    options.color = true;
    exchange->text.tone = Summary::Tone::server_error;
    exchange->text.response = "500 Oops";
    EXPECT_EQ(
        transaction(),
        "\x1b[2m12:00:01.123456\x1b[0m \x1b[1mcurl\x1b[0m[4242] 10.0.0.5:51234 > 93.184.216.34:443 "
        "\x1b[2mTLSv1.3\x1b[0m  GET https://example.com/x → \x1b[31m500 Oops\x1b[0m  12.3ms  ↑0 ↓1.2k\n");
}

TEST_F(TextSinkTest, LongRequestsAreCutInTheirLineOnly) {
    exchange->text.request = "GET /" + std::string(100'000, 'x');
    const std::string line = transaction();
    EXPECT_LT(line.size(), 3000U);
    EXPECT_NE(line.find("xxx… → 200"), std::string::npos);
}

TEST_F(TextSinkTest, TlsIsDescribedOnceForAConnection) {
    connection.tls.cipher = "TLS_AES_128_GCM_SHA256";
    connection.tls.alpn = "h2";
    connection.tls.sni = "example\x1b.com";
    connection.tls.handshake = std::chrono::microseconds(3100);
    options.verbosity = 1;
    TextSink sink(out_, options);
    for (int i = 0; i < 2; ++i) {
        sink.on_transaction({connection, timing, integrity, std::make_unique<test::FakeExchange>()});
    }
    const std::string text(out_.bytes());
    const std::string line =
        "    * TLSv1.3 TLS_AES_128_GCM_SHA256, ALPN h2, SNI example\\x1b.com, handshake 3.1ms\n";
    EXPECT_NE(text.find(line), std::string::npos) << text;
    EXPECT_EQ(text.find(line), text.rfind(line)) << text;
}

TEST_F(TextSinkTest, TheContainerIsNamedOnceForAConnection) {
    ProcessInfo process = *connection.process;
    process.container_id = std::string(64, 'a');
    process.container = {"containerd", "app\x1b", "img:1", "shop-7d9", "prod"};
    connection.process = std::make_shared<const ProcessInfo>(process);
    options.verbosity = 1;
    TextSink sink(out_, options);
    for (int i = 0; i < 2; ++i) {
        sink.on_transaction({connection, timing, integrity, std::make_unique<test::FakeExchange>()});
    }
    const std::string text(out_.bytes());
    const std::string line = "    * container app\\x1b (containerd, img:1), pod shop-7d9 in prod\n";
    EXPECT_NE(text.find(line), std::string::npos) << text;
    EXPECT_EQ(text.find(line), text.rfind(line)) << text;
}

TEST_F(TextSinkTest, LongReasonsAreGivenOnceForAConnection) {
    integrity = {
        .complete = false, .missing_bytes = 0, .joined_midstream = false, .reason = std::string(60, 'r')};
    TextSink sink(out_, options);
    for (int i = 0; i < 3; ++i) {
        connection.id.generation = i == 2 ? 99 : 1;
        sink.on_transaction({connection, timing, integrity, std::make_unique<test::FakeExchange>()});
    }
    std::string text(out_.bytes());
    EXPECT_NE(text.find("rrr]\n"), text.rfind("rrr]\n")) << text;  // of two connections
    EXPECT_EQ(text.find("[as before]\n"), text.rfind("[as before]\n")) << text;
    EXPECT_NE(text.find("[as before]\n"), std::string::npos) << text;
}

TEST_F(TextSinkTest, MessagesOfTheServerPointToTheClient) {
    exchange->text.request = "wss://h/";
    exchange->text.response = "text hello";
    exchange->text.towards_client = true;
    EXPECT_NE(transaction().find("wss://h/ ← text hello"), std::string::npos);
}

TEST_F(TextSinkTest, VerbosityAddsHeadersThenBodies) {
    exchange->lines = {{'>', "GET /x HTTP/1.1"}};
    exchange->bodies = {{'<', test::sample_body(5'000, "one\r\ntwo")}};
    options.verbosity = 1;
    EXPECT_TRUE(transaction().ends_with("↓1.2k\n    * TLSv1.3\n    > GET /x HTTP/1.1\n"));
    exchange = std::make_unique<test::FakeExchange>();
    exchange->bodies = {{'<', test::sample_body(5'000, "one\r\ntwo", "", "", 7)}};
    options.verbosity = 2;
    EXPECT_TRUE(transaction().ends_with("    < one\n    < two\n    < [5.0k more]\n    < [7 missing]\n"));
}

TEST_F(TextSinkTest, BinaryBodiesAreSummarised) {
    options.verbosity = 2;
    exchange->bodies = {{'<', test::sample_body(3, "\x89PN", "image/png")},
                        {'<', test::sample_body(3, "abc", "text/html", "gzip")},
                        {'<', test::sample_body(2, "\x01\x02")},
                        {'<', test::sample_body(9, "gr\xc3")},
                        {'<', test::sample_body(4, "\xe9t\xe9s", "text/plain; charset=latin1")}};
    EXPECT_TRUE(
        transaction().ends_with("    < [3 bytes: image/png]\n    < [damaged gzip]\n    < [3 bytes: "
                                "text/html, gzip]\n    < [2 bytes: binary]\n"
                                "    < gr\\xc3\n    < [6 more]\n    < étés\n"));
}

TEST_F(TextSinkTest, HexDumpIsThatOfTcpdump) {
    options.hex = true;
    exchange->lines = {{'>', "not shown without -v"}};
    exchange->bodies = {{'>', test::sample_body(19, "GET / HTTP/1.1\r\n\x80 z")}};
    EXPECT_TRUE(
        transaction().ends_with("↓1.2k\n"
                                "    > 0x0000:  4745 5420 2f20 4854 5450 2f31 2e31 0d0a  GET./.HTTP/1.1..\n"
                                "    > 0x0010:  8020 7a                                  ..z\n"));
}

TEST_F(TextSinkTest, UnknownProtocolsGetALineAtTheEnd) {
    sent = {.bytes = 12, .missing = 0, .gaps = 0, .first_bytes = "NICK x\r\n"};
    received = {.bytes = 4'567, .missing = 100, .gaps = 1, .first_bytes = ""};
    EXPECT_EQ(closing(),
              "12:00:01.123456 curl[4242] 10.0.0.5:51234 > 93.184.216.34:443 TLSv1.3  unknown protocol  "
              "sent 12 \"NICK x\\x0d\\x0a\" 4e 49 43 4b 20 78 0d 0a  received 4.6k [100 missing]  1m20s\n");
}

TEST_F(TextSinkTest, FailedHandshakesAreShown) {
    connection.tls.handshake_failed = true;
    connection.tls.sni = "exa\x1bmple.com";
    connection.tls.version.clear();
    EXPECT_EQ(closing(),
              "12:00:01.123456 curl[4242] 10.0.0.5:51234 > 93.184.216.34:443 TLS  handshake failed  "
              "exa\\x1bmple.com  1m20s\n");
}

TEST_F(TextSinkTest, HandshakesSayWhyTheyFailed) {
    connection.tls.version.clear();
    connection.tls.handshake_error = "not finished";
    EXPECT_NE(closing().find(" TLS  handshake not finished  1m20s\n"), std::string::npos) << closing();
    connection.tls.handshake_failed = true;
    connection.tls.handshake_error = "alert sent: unknown_ca\x1b";
    EXPECT_NE(closing().find(" TLS  handshake failed: alert sent: unknown_ca\\x1b  1m20s\n"),
              std::string::npos)
        << closing();
}

TEST_F(TextSinkTest, UnderstoodAndEmptyConnectionsEndSilently) {
    EXPECT_EQ(closing(), "");
    protocol = "http/1";
    sent.bytes = 10;
    transactions = 1;
    EXPECT_EQ(closing(), "");
    transactions = 0;
    EXPECT_NE(closing().find("http/1, no transaction  sent 10  received 0"), std::string::npos);
}

TEST_F(TextSinkTest, NamesOfPeersAreShownUnlessTheRequestHasThem) {
    connection.remote_name = "example.com";
    EXPECT_EQ(transaction().find('('), std::string::npos);
    exchange = std::make_unique<test::FakeExchange>();
    exchange->text.request = "GET key";
    connection.remote_name = "r\x1b[1m.example";
    EXPECT_NE(transaction().find(" > 93.184.216.34:443 (r\\x1b[1m.example) TLSv1.3  GET key"),
              std::string::npos);
}

TEST_F(TextSinkTest, ConnectionsThatFailAreShown) {
    reason = CloseReason::refused;
    connection.endpoints.local.port = 0;
    EXPECT_NE(closing().find(" 10.0.0.5 > 93.184.216.34:443 tcp  connection refused  1m20s\n"),
              std::string::npos);
}

TEST(TextSinkLosses, AreShownAtOnceThenOncePerSecond) {
    MemoryOutputStream out;
    TextSink sink(out, {});
    for (int i = 0; i < 1000; ++i) {
        sink.on_loss({at_us(i * 1000), LossCause::ring_full, 1, 10});
    }
    EXPECT_EQ(out.bytes(), "12:00:01.123456 1 event, 10 bytes lost: ring buffer full\n");
    sink.on_loss({at_us(1'500'000), LossCause::fault, 0, 1});
    EXPECT_EQ(out.bytes(),
              "12:00:01.123456 1 event, 10 bytes lost: ring buffer full\n"
              "12:00:02.623456 999 events, 9990 bytes lost: ring buffer full\n"
              "12:00:02.623456 1 byte lost: memory of the process not readable\n");
}

TEST(SummaryText, SingularAndPlural) {
    CaptureSummary one;
    one.transactions = one.connections = one.processes = one.bytes_sent = 1;
    EXPECT_EQ(summary_text(one),
              "1 transaction\n1 connection of 1 process\n1 byte sent, 0 bytes received\n0 events lost\n");

    CaptureSummary two;
    two.transactions = two.connections = two.processes = 2;
    two.unbound_connections = 1;
    two.missing_bytes = 30;
    two.losses = {{LossCause::ring_full, 3, 0}, {LossCause::map_full, 1, 2}, {LossCause::missed, 5, 0}};
    EXPECT_EQ(summary_text(two),
              "2 transactions\n2 connections of 2 processes (1 unbound: the socket was not found)\n"
              "0 bytes sent, 0 bytes received\n30 bytes missing in the streams\n"
              "3 events lost: ring buffer full\n1 event, 2 bytes lost: kernel table full\n"
              "5 runs of capture programs missed: the kernel passed over them\n");
}

}  // namespace
}  // namespace sslsniff
