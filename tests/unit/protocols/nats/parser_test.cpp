#include <gtest/gtest.h>

#include <algorithm>

#include "protocols/nats/nats.h"
#include "support/recording_host.h"

namespace sslsniff {
namespace {

using test::Conversation;
using test::received;
using test::RecordingHost;
using test::sent;
using Lines = std::vector<std::string>;

const std::string kInfo =
    R"(INFO {"server_id":"ND","server_name":"n1","version":"2.9.10","nonce":"secret nonce","max_payload":1048576})"
    "\r\n";

std::string connect(bool verbose) {
    return std::string("CONNECT {\"verbose\":") + (verbose ? "true" : "false") +
           R"(,"lang":"c","user":"bob","pass":"secret word","jwt":"secret jwt","sig":"secret sig"})"
           "\r\n";
}
std::string pub(const std::string& arguments, const std::string& payload) {
    return "PUB " + arguments + " " + std::to_string(payload.size()) + "\r\n" + payload + "\r\n";
}
std::string msg(const std::string& arguments, const std::string& payload) {
    return "MSG " + arguments + " " + std::to_string(payload.size()) + "\r\n" + payload + "\r\n";
}
std::string with_headers(const std::string& operation, const std::string& headers,
                         const std::string& payload) {
    return operation + " " + std::to_string(headers.size()) + " " +
           std::to_string(headers.size() + payload.size()) + "\r\n" + headers + payload + "\r\n";
}
const std::string kOk = "+OK\r\n";
const std::string kNotWanted = " -> (no response wanted)";

/// Without verbose mode: subscriptions, requests from both ends, JetStream, payloads that look like lines.
test::ParserExample quiet() {
    const std::string ack = "$JS.ACK.ORDERS.worker.1.7.3.1700000000.0";
    const std::string next = "$JS.ACK.ORDERS.worker.1.8.4.1700000001.0";
    const std::string last = "$JS.ACK.ORDERS.worker.1.9.5.1700000002.0";
    return {{received(kInfo), sent(connect(false) + "PING\r\n"), received("PONG\r\n"),
             sent("SUB orders.* workers 1\r\nsub\t_INBOX.x.*  2\r\nSUB help 3\n"),
             sent(pub("orders.new", "PING\r\nMSG a 1 5\r\n")),
             received(msg("orders.new 1", "PING\r\nMSG a 1 5\r\n")),
             sent(with_headers("HPUB orders.new", "NATS/1.0\r\nTrace: abc\r\n\r\n", "two")),
             received(with_headers("HMSG orders.new 1", "NATS/1.0\r\nTrace: abc\r\n\r\n", "")),
             sent(pub("sums _INBOX.x.1", "2+2") + pub("nobody _INBOX.x.2", "")),
             received(with_headers("HMSG _INBOX.x.2 2", "NATS/1.0 503\r\n\r\n", "") +
                      msg("_INBOX.x.1 2", "4") + msg("_INBOX.x.1 2", "4 again")),
             // A service learned by its first answer.
             received(msg("help 3 _INBOX.y.1", "?")), sent(pub("_INBOX.y.1", "first")),
             received(msg("help 3 _INBOX.y.2", "??")), sent(pub("_INBOX.y.2", "second")),
             // JetStream: a publication, a consumer whose first message tells that it acknowledges.
             sent(pub("ORDERS.a _INBOX.x.3", "{}")),
             received(msg("_INBOX.x.3 2", R"({"stream":"ORDERS","seq":9})")),
             sent(pub("$JS.API.STREAM.INFO.NO _INBOX.x.4", "")),
             received(msg(
                 "_INBOX.x.4 2",
                 R"({"type":"x","error":{"code":404,"err_code":10059,"description":"stream not found"}})")),
             received(msg("orders.a 1 " + ack, "1")), sent(pub(ack, "+ACK")),
             received(msg("orders.a 1 " + next, "2")), sent(pub(next, "+WPI") + pub(next, "+ACK")),
             received(msg("orders.a 1 " + last, "3")), sent(pub(last, "-NAK")), received("PING\r\n"),
             sent("PONG\r\nUNSUB 1 5\r\nUNSUB 2\r\n"),
             received("-ERR 'Permissions Violation for Publish to \"x\"'\r\n")},
            {" <- INFO n1 2.9.10",
             "CONNECT c as bob" + kNotWanted,
             "PING -> PONG",
             "SUB orders.* in group workers" + kNotWanted,
             "SUB _INBOX.x.*" + kNotWanted,
             "SUB help" + kNotWanted,
             "PUB orders.new" + kNotWanted,
             " <- MSG orders.new",
             "HPUB orders.new" + kNotWanted,
             " <- HMSG orders.new",
             "PUB nobody -> HMSG _INBOX.x.2 503 No Responders",
             "PUB sums -> MSG _INBOX.x.1",
             " <- MSG _INBOX.x.1",
             " <- MSG help",
             "PUB _INBOX.y.1" + kNotWanted,
             "PUB _INBOX.y.2 <- MSG help",
             "PUB ORDERS.a -> MSG _INBOX.x.3 ORDERS 9",
             "PUB $JS.API.STREAM.INFO.NO -> MSG _INBOX.x.4 404 stream not found",
             " <- MSG orders.a",
             "PUB " + ack + kNotWanted,
             "PUB " + next + kNotWanted,
             "PUB " + next + " <- MSG orders.a",
             "PUB " + last + " <- MSG orders.a",
             "PONG <- PING",
             "UNSUB 1" + kNotWanted,
             "UNSUB 2" + kNotWanted,
             " <- -ERR 'Permissions Violation for Publish to \"x\"'"}};
}

test::ParserExample verbose() {
    return {{received(kInfo), sent(connect(true)), received(kOk), sent("SUB in 1\r\nSUB _INBOX.x 2\r\n"),
             received(kOk + kOk), sent(pub("a", "1") + pub("b _INBOX.x", "2") + "UNSUB 1\r\n"),
             received(kOk + kOk + kOk + msg("_INBOX.x 2", "answer")), sent(pub("bad", "")),
             received("-ERR 'Invalid Subject'\r\n")},
            {" <- INFO n1 2.9.10", "CONNECT c as bob -> +OK", "SUB in -> +OK", "SUB _INBOX.x -> +OK",
             "PUB a -> +OK", "UNSUB 1 -> +OK", "PUB b -> MSG _INBOX.x", "PUB bad -> -ERR 'Invalid Subject'"}};
}

TEST(NatsParser, ReadsQuietConnectionsHoweverTheyAreCut) {
    test::expect_however_cut(create_nats, quiet());
}

TEST(NatsParser, ReadsVerboseConnectionsHoweverTheyAreCut) {
    test::expect_however_cut(create_nats, verbose());
}

TEST(NatsParser, SaysAllThatOperationsHave) {
    RecordingHost host;
    ASSERT_TRUE(host.run(create_nats, quiet().conversation));
    EXPECT_EQ(host.fields(0),
              "response{operation=\"INFO\" info{server_id=\"ND\" server_name=\"n1\" version=\"2.9.10\" "
              "nonce=\"***\" max_payload=1048576} secrets_hidden=true}");
    EXPECT_EQ(host.fields(8),
              "request{operation=\"HPUB\" subject=\"orders.new\" headers[{name=\"Trace\" value=\"abc\"}] "
              "payload=(3 0 \"two\")}");
    EXPECT_EQ(host.fields(10),
              "request{operation=\"PUB\" subject=\"nobody\" reply_to=\"_INBOX.x.2\" payload=(0 0 \"\")} "
              "response{operation=\"HMSG\" subject=\"_INBOX.x.2\" sid=\"2\" status=503 "
              "description=\"No Responders\" payload=(0 0 \"\")}");
    EXPECT_EQ(test::render_facts(*host.emitted[10].exchange), "PUB nobody server_error 503 0/0");
    EXPECT_EQ(test::render_facts(*host.emitted[11].exchange), "PUB sums ok 3/1");
    EXPECT_NE(host.fields(16).find("jetstream{stream=\"ORDERS\" stream_sequence=9}"), std::string::npos)
        << host.fields(16);
    EXPECT_EQ(test::render_facts(*host.emitted[17].exchange),
              "PUB $JS.API.STREAM.INFO.NO client_error 404 0/83");
    EXPECT_NE(host.fields(21).find("jetstream{stream=\"ORDERS\" consumer=\"worker\" delivered=1 "
                                   "stream_sequence=8 consumer_sequence=4 pending=0}"),
              std::string::npos)
        << host.fields(21);
    EXPECT_EQ(test::render_facts(*host.emitted[22].exchange), "MSG orders.a client_error -NAK 4/1");
}

TEST(NatsParser, HidesSecretsUnlessToldOtherwise) {
    for (const bool show : {false, true}) {
        ParserLimits limits;
        limits.show_secrets = show;
        RecordingHost host;
        ASSERT_TRUE(host.run(create_nats, quiet().conversation, limits));
        const std::string all = host.everything();
        for (const std::string_view secret : {"secret nonce", "secret word", "secret jwt", "secret sig"}) {
            EXPECT_EQ(all.find(secret) != std::string::npos, show) << secret;
        }
    }
}

/// What answers stands alone when what it answers was lost.
bool stands_alone(const std::string& line) {
    return line.find("not seen)") != std::string::npos || line.starts_with(" <- ") ||
           line.ends_with(kNotWanted);
}

TEST(NatsParser, NeverInventsAnythingAfterAGap) {
    test::expect_no_inventions(create_nats, quiet(), {1, 5, 30}, stands_alone);
    test::expect_no_inventions(create_nats, verbose(), {1, 5, 30}, stands_alone);
}

TEST(NatsParser, JoinsAfterEveryMessage) {
    test::expect_joins(create_nats, quiet(), 1, stands_alone);
    test::expect_joins(create_nats, verbose(), 1, stands_alone);
}

TEST(NatsParser, LearnsInboxesThatWereSubscribedToUnseen) {
    RecordingHost host;
    host.info.midstream = true;
    host.info.role = Role::client;
    ASSERT_TRUE(
        host.run(create_nats, {sent(pub("sums _INBOX.x.1", "1")), received(msg("_INBOX.x.1 1", "2")),
                               sent(pub("sums _INBOX.x.2", "3")), received(msg("_INBOX.x.2 1", "4"))}));
    EXPECT_EQ(host.lines(), (Lines{"PUB sums -> (verbose mode not seen)", " <- MSG _INBOX.x.1",
                                   "PUB sums -> MSG _INBOX.x.2"}));
}

TEST(NatsParser, SaysWhatIsUnanswered) {
    RecordingHost host;
    ASSERT_TRUE(host.run(create_nats, {received(kInfo), sent(connect(false) + "SUB _INBOX.* 1\r\n" +
                                                             pub("a _INBOX.1", "x") + "PING\r\n")}));
    EXPECT_EQ(host.lines(),
              (Lines{" <- INFO n1 2.9.10", "SUB _INBOX.*" + kNotWanted, "CONNECT c as bob" + kNotWanted,
                     "PING ->  !no response", "PUB a ->  !no reply"}));
}

TEST(NatsParser, RefusedLoginsAreErrorsOfConnect) {
    RecordingHost host;
    ASSERT_TRUE(host.run(create_nats, {received(kInfo), sent(connect(false) + "PING\r\n"),
                                       received("-ERR 'Authorization Violation'\r\n")}));
    EXPECT_EQ(host.lines()[1], "CONNECT c as bob -> -ERR 'Authorization Violation'");
    EXPECT_EQ(test::render_facts(*host.emitted[1].exchange),
              "CONNECT - client_error Authorization Violation 0/0");
}

/// Remembers where TLS began.
class TlsHost final : public RecordingHost {
  public:
    TlsHost() { info.carrier = Carrier::cleartext; }
    void begin_tls(std::shared_ptr<const ParserSession> session, ByteView sent, ByteView received) override {
        EXPECT_NE(session, nullptr);
        rest = std::string(sent) + "|" + std::string(received);
    }
    std::string rest;
};

TEST(NatsParser, BeginsTlsBehindInfo) {
    const std::string hello("\x16\x03\x01\0\5hello", 10);
    const std::string required = R"(INFO {"server_id":"ND","tls_required":true})"
                                 "\r\n";
    const std::string offered = R"(INFO {"server_id":"ND","tls_available":true})"
                                "\r\n";
    for (const std::string& info : {required, offered}) {
        TlsHost host;
        const auto parser = create_nats(host, {});
        parser->feed(Direction::received, info, {});
        EXPECT_EQ(host.rest, info == required ? "|" : "");
        parser->feed(Direction::sent, hello, {});
        EXPECT_EQ(host.rest, "|");
        ASSERT_EQ(host.lines().size(), 1);
    }
    // Inside, the client speaks first.
    RecordingHost inside;
    ASSERT_TRUE(inside.run(create_nats, {sent(connect(false) + "PING\r\n"), received("PONG\r\n")}));
    EXPECT_EQ(inside.lines(), (Lines{"CONNECT c as bob" + kNotWanted, "PING -> PONG"}));
}

TEST(NatsParser, KeepsItsPlaceInAPayloadWithAGap) {
    RecordingHost host;
    const auto parser = create_nats(host, {});
    const std::string message = pub("a", std::string(1000, 'p'));
    parser->feed(Direction::received, kInfo, {});
    parser->feed(Direction::sent, connect(false), {});
    parser->feed(Direction::sent, message.substr(0, 100), {});
    parser->gap(Direction::sent, 500, {});
    parser->feed(Direction::sent, message.substr(600) + "PING\r\n", {});
    parser->feed(Direction::received, "PONG\r\n", {});
    parser->finish({});
    EXPECT_EQ(host.lines(), (Lines{" <- INFO n1 2.9.10", "PUB a" + kNotWanted + " !gap in stream",
                                   "CONNECT c as bob" + kNotWanted, "PING -> PONG"}));
    EXPECT_NE(host.fields(1).find("payload=(1000 500"), std::string::npos) << host.fields(1);
}

TEST(NatsParser, BoundsWhatWaits) {
    ParserLimits limits;
    limits.max_pending = 8;
    RecordingHost host;
    const auto parser = create_nats(host, limits);
    parser->feed(Direction::received, kInfo, {});
    parser->feed(Direction::sent, connect(true) + "SUB > 1\r\n", {});
    std::size_t most = 0;
    for (unsigned n = 1; n < 5000; ++n) {
        const std::string number = std::to_string(n);
        parser->feed(Direction::sent,
                     pub("a _INBOX." + number, "x") + "SUB s" + number + " " + number + "\r\n", {});
        parser->feed(Direction::received, msg("q " + number + " r" + number, "y") + "PING\r\n", {});
        most = std::max(most, parser->held());
    }
    EXPECT_LT(most, 600'000U);
    EXPECT_GT(host.emitted.size(), 9000U);
    EXPECT_GT(parser->give_up(1'000'000), 0U);
    parser->finish({});
}

}  // namespace
}  // namespace sslsniff
