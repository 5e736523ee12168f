#include <gtest/gtest.h>

#include <algorithm>

#include "protocols/imap/imap.h"
#include "support/foreign.h"
#include "support/recording_host.h"

namespace sslsniff {
namespace {

using test::received;
using test::RecordingHost;
using test::sent;
using Lines = std::vector<std::string>;

/// Commands in parallel, literals that look like commands and responses, a login, news.
test::ParserExample session() {
    return {
        {received("* OK [CAPABILITY IMAP4rev1 SASL-IR IDLE] Dovecot ready.\r\n"),
         sent("a1 LOGIN bob \"open sesame\"\r\n"),
         received("a1 OK [CAPABILITY IMAP4rev1] Logged in\r\n"),
         sent("a2 select INBOX\r\n"),
         received("* FLAGS (\\Answered \\Seen)\r\n* 172 EXISTS\r\n* 1 RECENT\r\n* OK [UNSEEN 12] first\r\n"
                  "a2 OK [READ-WRITE] Select completed.\r\n"),
         sent("a3 UID FETCH 1:2 (BODY[])\r\na4 NOOP\r\n"),
         received("* 1 FETCH (UID 7 BODY[] {22}\r\na3 OK no\r\n* 5 EXISTS\r\n)\r\n* 2 FETCH (UID 8 BODY[] "
                  "{0}\r\n FLAGS "
                  "())\r\na3 OK Fetch completed.\r\na4 OK done\r\n"),
         sent("a5 APPEND \"Sent Items\" (\\Seen) {23}\r\n"),
         received("+ OK\r\n"),
         sent("Subject: x\r\n\r\na9 NOOP\r\n\r\n"),
         received("a5 OK [APPENDUID 1 2] Append completed.\r\n"),
         sent("a6 APPEND Sent {4+}\r\nabcd\r\n"),
         received("a6 NO [TRYCREATE] no such mailbox\r\n"),
         sent("a7 AUTHENTICATE PLAIN\r\n"),
         received("+ \r\n"),
         sent("AGJvYgBzZWNyZXQ=\r\n"),
         received("a7 NO [AUTHENTICATIONFAILED] Authentication failed.\r\n"),
         sent("a8 IDLE\r\n"),
         received("+ idling\r\n"),
         received("* 173 EXISTS\r\n"),
         sent("DONE\r\n"),
         received("a8 OK Idle completed.\r\n"),
         sent("b1 XYZZY\r\nb2 LOGOUT\r\n"),
         received("b1 BAD Error in IMAP command\r\n* BYE Logging out\r\nb2 OK Logout\r\n")},
        {" <- OK Dovecot ready.", "LOGIN bob <redacted 13 bytes> -> OK Logged in",
         "SELECT INBOX -> OK Select completed. (4 untagged)",
         "UID FETCH 1:2 (BODY[]) -> OK Fetch completed. (2 untagged)", "NOOP -> OK done",
         "APPEND \"Sent Items\" (\\Seen) (23 bytes) -> OK Append completed.",
         "APPEND Sent (4 bytes) -> NO no such mailbox", "AUTHENTICATE PLAIN -> NO Authentication failed.",
         " <- 173 EXISTS", "IDLE -> OK Idle completed.", "XYZZY -> BAD Error in IMAP command",
         "LOGOUT -> OK Logout (1 untagged)"}};
}

bool is_of_the_server(const std::string& line) {
    return line.starts_with(" <- ");
}

TEST(ImapParser, ReadsSessionsHoweverTheyAreCut) {
    test::expect_however_cut(create_imap, session());
}

TEST(ImapParser, SaysAllThatCommandsHave) {
    RecordingHost host;
    ASSERT_TRUE(host.run(create_imap, session().conversation));
    EXPECT_EQ(
        host.fields(2),
        "request{tag=\"a2\" command=\"SELECT\" arguments=\"INBOX\" mailbox=\"INBOX\"} "
        "response{condition=\"OK\" "
        "response_code=\"READ-WRITE\" text=\"Select completed.\" untagged[=\"FLAGS (\\Answered \\Seen)\" "
        "=\"172 EXISTS\" =\"1 RECENT\" =\"OK [UNSEEN 12] first\"] untagged_count=4}");
    EXPECT_TRUE(host.fields(3).contains("untagged_count=2 literal_bytes=22")) << host.fields(3);
    EXPECT_TRUE(host.fields(5).contains("mailbox=\"Sent Items\" literal=(23 0 \"Subject: x\\x0d\\x0a"))
        << host.fields(5);
    EXPECT_EQ(test::render_facts(*host.emitted[6].exchange), "APPEND Sent client_error TRYCREATE 4/0");
}

TEST(ImapParser, HidesSecretsUnlessToldOtherwise) {
    for (const bool show : {false, true}) {
        ParserLimits limits;
        limits.show_secrets = show;
        RecordingHost host;
        ASSERT_TRUE(host.run(create_imap, session().conversation, limits));
        const std::string all = host.everything();
        EXPECT_EQ(all.find("sesame") != std::string::npos, show) << all;
        EXPECT_EQ(all.find("AGJvYgBzZWNyZXQ"), std::string::npos);
    }
    RecordingHost host;
    ASSERT_TRUE(
        host.run(create_imap, {received("* OK IMAP4rev1\r\n"), sent("a LOGIN {3+}\r\nbob {6+}\r\nsesame\r\n"),
                               received("a OK in\r\n")}));
    EXPECT_EQ(host.lines().back(), "LOGIN -> OK in");
    EXPECT_EQ(host.fields(1).find("sesame"), std::string::npos) << host.fields(1);
}

TEST(ImapParser, NeverInventsAnythingAfterAGap) {
    test::expect_no_inventions(create_imap, session(), {1, 5, 30}, is_of_the_server);
}

TEST(ImapParser, JoinsAfterEveryMessage) {
    test::expect_joins(create_imap, session(), 2, is_of_the_server);
}

TEST(ImapParser, LiteralsAndLinesOfAnyLength) {
    ParserLimits limits;
    limits.max_body = 1000;
    RecordingHost host;
    const auto parser = create_imap(host, limits);
    parser->feed(Direction::received, "* OK IMAP4rev1 ready\r\n", {});
    parser->feed(Direction::sent, "a SEARCH ALL\r\n", {});
    std::size_t most = 0;
    parser->feed(Direction::received, "* SEARCH", {});
    for (int i = 0; i < 100'000; ++i) {
        parser->feed(Direction::received, " 1234567", {});
        most = std::max(most, parser->held());
    }
    parser->feed(Direction::received, "\r\na OK done\r\nb BAD x\r\n", {});
    parser->feed(Direction::sent, "c APPEND x {10000000+}\r\n", {});
    for (int i = 0; i < 1000; ++i) {
        parser->feed(Direction::sent, std::string(10'000, 'y'), {});
        most = std::max(most, parser->held());
    }
    parser->feed(Direction::sent, "\r\n", {});
    parser->feed(Direction::received, "c OK done\r\n", {});
    parser->finish({});
    EXPECT_LT(most, 60'000U);
    EXPECT_EQ(host.lines(), (Lines{" <- OK IMAP4rev1 ready", "SEARCH ALL -> OK done (1 untagged)",
                                   " <- BAD x !request not seen", "APPEND x (10000000 bytes) -> OK done"}));
}

TEST(ImapParser, TlsBeginsBehindStarttls) {
    RecordingHost host;
    const auto parser = create_imap(host, {});
    parser->feed(Direction::received, "* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n", {});
    parser->feed(Direction::sent, "a STARTTLS\r\n", {});
    parser->feed(Direction::received, "a OK Begin TLS\r\n", {});
    parser->feed(Direction::sent, "\x16\x03\x01", {});
    parser->finish({});
    EXPECT_EQ(host.lines(), (Lines{" <- OK ready", "STARTTLS -> OK Begin TLS"}));
}

TEST(ImapParser, BoundsWhatWaits) {
    ParserLimits limits;
    limits.max_pending = 8;
    RecordingHost host;
    const auto parser = create_imap(host, limits);
    parser->feed(Direction::received, "* OK IMAP4rev1\r\n", {});
    std::size_t most = 0;
    for (unsigned n = 0; n < 5000; ++n) {
        parser->feed(Direction::sent, "t" + std::to_string(n) + " FETCH 1 ALL\r\n", {});
        parser->feed(Direction::received, "* 1 FETCH (" + std::string(2000, 'x') + ")\r\n", {});
        most = std::max(most, parser->held());
    }
    EXPECT_LT(most, 300'000U);
    EXPECT_GT(parser->give_up(1'000'000), 0U);
    parser->finish({});
}

TEST(ImapDetection, ClaimsWhatOnlyImapSays) {
    const auto result = test::play_foreign({"imap", false, session().conversation}, false);
    ASSERT_EQ(result.connections.size(), 1);
    EXPECT_EQ(result.connections[0].protocol, "imap");
    EXPECT_EQ(result.lines.size(), session().lines.size());
}

}  // namespace
}  // namespace sslsniff
