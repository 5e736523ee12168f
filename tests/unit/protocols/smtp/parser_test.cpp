#include <gtest/gtest.h>

#include <algorithm>

#include "protocols/smtp/smtp.h"
#include "support/foreign.h"
#include "support/recording_host.h"

namespace sslsniff {
namespace {

using test::received;
using test::RecordingHost;
using test::sent;
using Lines = std::vector<std::string>;

/// Pipelined commands, a login, two mails of which one is refused, lines that begin with a period.
test::ParserExample mails() {
    return {{received("220 mx.example ESMTP Postfix\r\n"),
             sent("EHLO client.example\r\n"),
             received("250-mx.example\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250 CHUNKING\r\n"),
             sent("AUTH PLAIN AGJvYgBzZWNyZXQ=\r\n"),
             received("235 2.7.0 Authentication successful\r\n"),
             sent("AUTH LOGIN\r\n"),
             received("334 VXNlcm5hbWU6\r\n"),
             sent("Ym9i\r\n"),
             received("334 UGFzc3dvcmQ6\r\n"),
             sent("c2VjcmV0\r\n"),
             received("503 5.5.1 Error: already authenticated\r\n"),
             sent("MAIL FROM:<a@example.com> SIZE=120\r\nRCPT TO:<b@example.com>\r\nRCPT "
                  "TO:<none@example.com>\r\nDATA\r\n"),
             received("250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n550 5.1.1 <none@example.com>: User unknown\r\n354 End "
                      "data with "
                      "<CR><LF>.<CR><LF>\r\n"),
             sent("From: A <a@example.com>\r\nSubject: two\r\n lines\r\n\r\nMAIL FROM:<x>\r\n..dots\r\nGET / "
                  "HTTP/1.1\r\n.\r\n"),
             received("250 2.0.0 Ok: queued as 1234\r\n"),
             sent("mail from:<a@example.com>\r\nrcpt to:<b@example.com>\r\ndata\r\n"),
             received("250 2.1.0 Ok\r\n"),
             received("250 2.1.5 Ok\r\n"),
             received("354 go on\r\n"),
             sent(".\r\n"),
             received("451 4.3.0 try later\r\n"),
             sent("NOOP\r\nXYZ 1\r\nQUIT\r\n"),
             received("250 2.0.0 Ok\r\n502 5.5.2 Error: command not recognized\r\n221 2.0.0 Bye\r\n")},
            {" <- 220 mx.example ESMTP Postfix", "EHLO client.example -> 250 mx.example",
             "AUTH PLAIN <redacted 16 bytes> -> 235 2.7.0 Authentication successful",
             "AUTH LOGIN -> 503 5.5.1 Error: already authenticated",
             "MAIL FROM:<a@example.com> SIZE=120 -> 250 2.1.0 Ok", "RCPT TO:<b@example.com> -> 250 2.1.5 Ok",
             "RCPT TO:<none@example.com> -> 550 5.1.1 <none@example.com>: User unknown",
             "DATA \"two lines\" (87 bytes) -> 250 2.0.0 Ok: queued as 1234",
             "MAIL from:<a@example.com> -> 250 2.1.0 Ok", "RCPT to:<b@example.com> -> 250 2.1.5 Ok",
             "DATA (0 bytes) -> 451 4.3.0 try later", "NOOP -> 250 2.0.0 Ok",
             "XYZ 1 -> 502 5.5.2 Error: command not recognized", "QUIT -> 221 2.0.0 Bye"}};
}

/// CHUNKING: bytes of any kind, no period ends them.
test::ParserExample chunks() {
    const std::string binary("\0\r\n.\r\nQUIT\r\n\xFF", 13);
    return {{received("220 mx.example ESMTP\r\n"), sent("EHLO c\r\n"), received("250-mx\r\n250 CHUNKING\r\n"),
             sent("MAIL FROM:<a@b> BODY=BINARYMIME\r\n"), received("250 ok\r\n"), sent("RCPT TO:<c@d>\r\n"),
             received("250 ok\r\n"), sent("BDAT 13\r\n" + binary + "BDAT 7 LAST\r\nworld\r\n"),
             received("250 13 octets received\r\n250 queued\r\n"), sent("BDAT 0 LAST\r\nRSET\r\n"),
             received("503 no transaction\r\n250 ok\r\n")},
            {" <- 220 mx.example ESMTP", "EHLO c -> 250 mx", "MAIL FROM:<a@b> BODY=BINARYMIME -> 250 ok",
             "RCPT TO:<c@d> -> 250 ok", "BDAT 13 (13 bytes) -> 250 13 octets received",
             "BDAT 7 LAST (7 bytes) -> 250 queued", "BDAT 0 LAST (0 bytes) -> 503 no transaction",
             "RSET -> 250 ok"}};
}

/// RFC 2033: a reply for each recipient.
test::ParserExample lmtp() {
    return {
        {received("220 mda.example LMTP\r\n"), sent("LHLO c\r\n"), received("250-mda\r\n250 PIPELINING\r\n"),
         sent("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\nDATA\r\n"),
         received("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n"), sent("Subject: x\r\n\r\ny\r\n.\r\n"),
         received("250 kept\r\n452 full\r\n"), sent("QUIT\r\n"), received("221 bye\r\n")},
        {" <- 220 mda.example LMTP", "LHLO c -> 250 mda", "MAIL FROM:<a@b> -> 250 ok",
         "RCPT TO:<c@d> -> 250 ok", "RCPT TO:<e@f> -> 250 ok", "DATA \"x\" (17 bytes) -> 250 kept",
         "DATA for recipient 2 -> 452 full", "QUIT -> 221 bye"}};
}

TEST(SmtpParser, ReadsMailsHoweverTheyAreCut) {
    test::expect_however_cut(create_smtp, mails());
}

TEST(SmtpParser, ReadsChunksHoweverTheyAreCut) {
    test::expect_however_cut(create_smtp, chunks());
}

TEST(SmtpParser, ReadsLmtpHoweverItIsCut) {
    test::expect_however_cut(create_smtp, lmtp());
}

TEST(SmtpParser, SaysAllThatCommandsHave) {
    RecordingHost host;
    ASSERT_TRUE(host.run(create_smtp, mails().conversation));
    EXPECT_EQ(host.fields(1),
              "request{command=\"EHLO\" argument=\"client.example\"} response{code=250 "
              "lines[=\"mx.example\" =\"PIPELINING\" =\"SIZE 10240000\" =\"CHUNKING\"]}");
    EXPECT_EQ(host.fields(4),
              "request{command=\"MAIL\" from=\"a@example.com\" parameters=\"SIZE=120\"} "
              "response{code=250 enhanced_code=\"2.1.0\" lines[=\"2.1.0 Ok\"]}");
    EXPECT_TRUE(host.fields(7).contains("mail{subject=\"two lines\" from=\"A <a@example.com>\"} data=(87 0 "))
        << host.fields(7);
    EXPECT_TRUE(host.fields(7).contains("\\x0d\\x0a.dots\\x0d\\x0a")) << host.fields(7);
    EXPECT_EQ(test::render_facts(*host.emitted[7].exchange), "DATA - ok 87/24");
    EXPECT_EQ(test::render_facts(*host.emitted[6].exchange), "RCPT none@example.com client_error 550 0/38");
    EXPECT_EQ(test::render_facts(*host.emitted[10].exchange), "DATA - server_error 451 0/15");
}

TEST(SmtpParser, HidesSecretsUnlessToldOtherwise) {
    for (const bool show : {false, true}) {
        ParserLimits limits;
        limits.show_secrets = show;
        RecordingHost host;
        ASSERT_TRUE(host.run(create_smtp, mails().conversation, limits));
        const std::string all = host.everything();
        for (const auto* secret : {"AGJvYgBzZWNyZXQ", "Ym9i", "c2VjcmV0"}) {
            EXPECT_EQ(all.find(secret) != std::string::npos, show) << secret;
        }
    }
}

TEST(SmtpParser, NeverInventsAnythingAfterAGap) {
    test::expect_no_inventions(create_smtp, mails(), {1, 5, 30});
    test::expect_no_inventions(create_smtp, chunks(), {1, 5, 30});
    test::expect_no_inventions(create_smtp, lmtp(), {1, 5, 30});
}

TEST(SmtpParser, JoinsAfterEveryMessage) {
    test::expect_joins(create_smtp, mails(), 2);
    test::expect_joins(create_smtp, chunks(), 2);
    test::expect_joins(create_smtp, lmtp(), 2);
}

TEST(SmtpParser, LinesAndMailsOfAnyLength) {
    ParserLimits limits;
    limits.max_body = 1000;
    RecordingHost host;
    const auto parser = create_smtp(host, limits);
    parser->feed(Direction::received, "220 mx ESMTP\r\n", {});
    parser->feed(Direction::sent, "EHLO c\r\n", {});
    parser->feed(Direction::received, "250 mx\r\n", {});
    parser->feed(Direction::sent, "DATA\r\n", {});
    parser->feed(Direction::received, "354 go\r\n", {});
    std::size_t most = 0;
    for (int i = 0; i < 1000; ++i) {
        parser->feed(Direction::sent, std::string(10'000, 'x'), {});
        most = std::max(most, parser->held());
    }
    parser->feed(Direction::sent, "\r\n.\r\n", {});
    parser->feed(Direction::received, "250 ok\r\n", {});
    parser->finish({});
    EXPECT_LT(most, 20'000U);
    EXPECT_EQ(host.lines().back(), "DATA (10000002 bytes) -> 250 ok");
}

TEST(SmtpParser, TlsBeginsBehindStarttls) {
    RecordingHost host;
    const auto parser = create_smtp(host, {});
    parser->feed(Direction::received, "220 mx ESMTP\r\n", {});
    parser->feed(Direction::sent, "EHLO c\r\n", {});
    parser->feed(Direction::received, "250-mx\r\n250 STARTTLS\r\n", {});
    parser->feed(Direction::sent, "STARTTLS\r\n", {});
    parser->feed(Direction::received, "220 2.0.0 Ready to start TLS\r\n", {});
    parser->feed(Direction::sent, "\x16\x03\x01", {});
    parser->finish({});
    EXPECT_EQ(host.lines(),
              (Lines{" <- 220 mx ESMTP", "EHLO c -> 250 mx", "STARTTLS -> 220 2.0.0 Ready to start TLS"}));
}

TEST(SmtpParser, BoundsWhatWaits) {
    ParserLimits limits;
    limits.max_pending = 8;
    RecordingHost host;
    const auto parser = create_smtp(host, limits);
    parser->feed(Direction::received, "220 mx ESMTP\r\n", {});
    std::size_t most = 0;
    for (unsigned n = 0; n < 5000; ++n) {
        parser->feed(Direction::sent, "RCPT TO:<" + std::to_string(n) + "@example.com>\r\n", {});
        parser->feed(Direction::received, "250-" + std::string(2000, 'x') + "\r\n", {});
        most = std::max(most, parser->held());
    }
    EXPECT_LT(most, 300'000U);
    EXPECT_GT(parser->give_up(1'000'000), 0U);
    parser->finish({});
}

TEST(SmtpDetection, ClaimsWhatOnlySmtpSays) {
    const auto result = test::play_foreign({"smtp", false, mails().conversation}, false);
    ASSERT_EQ(result.connections.size(), 1);
    EXPECT_EQ(result.connections[0].protocol, "smtp");
    EXPECT_EQ(result.lines.size(), mails().lines.size());
}

}  // namespace
}  // namespace sslsniff
