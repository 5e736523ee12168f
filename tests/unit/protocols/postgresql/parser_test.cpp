#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "protocols/postgresql/postgresql.h"
#include "support/recording_host.h"
#include "unit/protocols/postgresql/messages.h"

namespace sslsniff {
namespace {

using namespace test::pg;
using test::Conversation;
using test::received;
using test::RecordingHost;
using test::sent;
using Lines = std::vector<std::string>;

constexpr std::uint32_t kInt4 = 23;
constexpr std::uint32_t kText = 25;

/// A session as far as the first ReadyForQuery.
Conversation login() {
    return {sent(startup("bob", "shop")),
            received(authentication(10, z("SCRAM-SHA-256") + z(""))),
            sent(message('p', z("SCRAM-SHA-256") + be32(5) + "n,,n=")),
            received(authentication(11, "r=x")),
            sent(message('p', "c=biws,p=geheim")),
            received(authentication(12, "v=y") + authentication(0) + setting("server_version", "15.18") +
                     message('K', be32(4711) + be32(99)) + ready())};
}

constexpr std::string_view kLogin = "startup bob@shop -> OK (server 15.18)";

Lines run(const Conversation& calls, bool known_gaps = true) {
    RecordingHost host;
    EXPECT_TRUE(host.run(create_postgresql, calls, {}, known_gaps));
    return host.lines();
}

/// The same behind a login, without its line.
Lines run_inside(Conversation calls) {
    Conversation all = login();
    all.insert(all.end(), calls.begin(), calls.end());
    Lines lines = run(all);
    EXPECT_FALSE(lines.empty());
    EXPECT_EQ(lines.front(), kLogin);
    lines.erase(lines.begin());
    return lines;
}

/// A conversation with most of what the protocol has, and what it must come out as however it is cut.
test::ParserExample example() {
    test::ParserExample example{login(), {std::string(kLogin)}};
    const Conversation more{
        sent(query("SELECT 1;\n  SELECT name FROM users")),
        received(columns({{"?column?", kInt4}}) + row({"1"}) + complete("SELECT 1") +
                 columns({{"name", kText}}) + row({"bob"}) + row({std::nullopt}) + complete("SELECT 2") +
                 ready()),
        sent(parse("s1", "INSERT INTO t VALUES ($1, $2)", {kInt4, kText}) + bind("", "s1", {"42", "it's"}) +
             describe('P', "") + execute() + sync()),
        received(parsed() + bound() + message('n') + complete("INSERT 0 1") + ready('T')),
        sent(bind("", "s1", {be32(7), std::nullopt}, 1) + execute() + bind("", "s1", {be32(8), "x"}, 1) +
             execute() + sync()),
        received(bound() + complete("INSERT 0 1") + bound() + error("23505", "duplicate key") + ready('E')),
        sent(query("ROLLBACK")),
        received(complete("ROLLBACK") + ready()),
        sent(parse("", "SELECT id FROM t WHERE id > $1") + describe('S', "") + flush()),
        received(parsed() + parameter_types({kInt4}) + columns({{"id", kInt4}})),
        sent(bind("", "", {be32(0xFFFFFFFF)}, 1, 1) + execute("", 2) + execute("", 0) + sync()),
        received(bound() + row({be32(1)}) + row({be32(2)}) + message('s') + row({be32(3)}) +
                 complete("SELECT 1") + ready()),
        sent(query("COPY t FROM STDIN")),
        received(message('G', "\0"s + be16(2) + be16(0) + be16(0))),
        sent(message('d', "1\ta\n") + message('d', "2\tb\n") + message('c')),
        received(complete("COPY 2") + ready()),
        sent(query("COPY t TO STDOUT")),
        received(message('H', "\0"s + be16(1) + be16(0)) + message('d', "1\n") + message('c') +
                 complete("COPY 1") + ready()),
        sent(query("LISTEN news")),
        received(complete("LISTEN") + ready() + message('A', be32(5) + z("news") + z("hello"))),
        sent(query("DO $$ raise $$")),
        received(notice("careful") + complete("DO") + ready()),
        sent(close('S', "s1") + sync()),
        received(message('3') + ready()),
        sent(query("")),
        received(message('I') + ready()),
        sent(message('X'))};
    example.conversation.insert(example.conversation.end(), more.begin(), more.end());
    for (const std::string_view line : {
             "SELECT 1; SELECT name FROM users -> 1 row; 2 rows",
             "INSERT INTO t VALUES ($1, $2) [42, 'it''s'] -> INSERT 0 1 (in transaction)",
             "INSERT INTO t VALUES ($1, $2) [7, NULL] -> INSERT 0 1",
             "INSERT INTO t VALUES ($1, $2) [8, 'x'] -> ERROR 23505 duplicate key (transaction failed)",
             "ROLLBACK -> ROLLBACK",
             "PREPARE SELECT id FROM t WHERE id > $1 -> OK",
             "SELECT id FROM t WHERE id > $1 [-1] -> 2 rows",
             "SELECT id FROM t WHERE id > $1 [-1] -> 1 row",
             "COPY t FROM STDIN -> COPY 2, copied 8 bytes in",
             "COPY t TO STDOUT -> COPY 1, copied 2 bytes out",
             "LISTEN news -> LISTEN",
             " <- NOTIFY news 'hello'",
             "DO $$ raise $$ -> DO",
             "CLOSE statement s1 -> OK",
             " -> (empty query)",
         }) {
        example.lines.emplace_back(line);
    }
    return example;
}

TEST(PostgresqlParser, UnderstandsHoweverItIsCut) {
    test::expect_however_cut(create_postgresql, example());
}

TEST(PostgresqlParser, TellsWhatItKnows) {
    RecordingHost host;
    ASSERT_TRUE(host.run(create_postgresql, example().conversation));
    const std::string login_fields = host.fields(0);
    for (const std::string_view part :
         {"kind=\"startup\"", "user=\"bob\"", "database=\"shop\"", "authentication=\"SCRAM-SHA-256\"",
          "secrets_hidden=true", "server_version=\"15.18\"", "process_id=4711",
          "transaction_status=\"idle\""}) {
        EXPECT_NE(login_fields.find(part), std::string::npos) << part << " in " << login_fields;
    }
    EXPECT_EQ(login_fields.find("geheim"), std::string::npos);
    const std::string insert = host.fields(2);
    for (const std::string_view part :
         {"operation=\"INSERT\"", "table=\"t\"", "statement_name=\"s1\"", "parameters[=42 =\"it's\"]",
          "affected_rows=1", "command_tag=\"INSERT 0 1\"", "transaction_status=\"in_transaction\""}) {
        EXPECT_NE(insert.find(part), std::string::npos) << part << " in " << insert;
    }
    EXPECT_NE(host.fields(7).find("rows[[=1] [=2]]"), std::string::npos) << host.fields(7);
}

TEST(PostgresqlParser, SkipsWhatFollowsAnErrorUpToSync) {
    EXPECT_EQ(run_inside({sent(parse("", "SELEC 1") + bind("", "", {}) + execute() + parse("", "SELECT 2") +
                               bind("", "", {}) + execute() + sync()),
                          received(error("42601", "syntax error") + ready()), sent(query("SELECT 3")),
                          received(columns({{"x", kInt4}}) + row({"3"}) + complete("SELECT 1") + ready())}),
              (Lines{"SELEC 1 -> ERROR 42601 syntax error", "SELECT 2 -> (skipped: an earlier one failed)",
                     "SELECT 3 -> 1 row"}));
}

TEST(PostgresqlParser, SyncBeforeCopyDataIsNotAnswered) {
    EXPECT_EQ(run_inside({sent(parse("", "COPY t FROM STDIN") + bind("", "", {}) + execute() + sync()),
                          received(parsed() + bound() + message('G', "\0"s + be16(1) + be16(0))),
                          sent(message('d', "1\n") + message('c') + sync()),
                          received(complete("COPY 1") + ready()), sent(query("SELECT 1")),
                          received(columns({{"x", kInt4}}) + complete("SELECT 0") + ready())}),
              (Lines{"COPY t FROM STDIN -> COPY 1, copied 2 bytes in", "SELECT 1 -> 0 rows"}));
}

TEST(PostgresqlParser, CancelsAndEncryptionRequests) {
    EXPECT_EQ(run({sent(packet(80'877'102, be32(77) + be32(1234)))}),
              (Lines{"CancelRequest of process 77 -> (no answer by design)"}));
    EXPECT_EQ(run({sent(ssl_request()), received("N"), sent(startup("a", "b")),
                   received(authentication(0) + ready())}),
              (Lines{"SSLRequest -> refused", "startup a@b -> OK"}));
    EXPECT_EQ(run({sent(ssl_request()), received("S")}), (Lines{"SSLRequest -> TLS begins"}));
    EXPECT_EQ(run({sent(startup("a", "b")), received(error("28P01", "password authentication failed"))}),
              (Lines{"startup a@b -> ERROR 28P01 password authentication failed"}));
}

TEST(PostgresqlParser, HidesPasswords) {
    const Conversation calls{sent(startup("a", "b")),
                             received(authentication(3)),
                             sent(message('p', z("geheim"))),
                             received(authentication(0) + ready()),
                             sent(query("ALTER USER a PASSWORD 'geheim'")),
                             received(complete("ALTER ROLE") + ready())};
    for (const bool shown : {false, true}) {
        RecordingHost host;
        ParserLimits limits;
        limits.show_secrets = shown;
        ASSERT_TRUE(host.run(create_postgresql, calls, limits));
        for (const std::size_t index : {0U, 1U}) {
            EXPECT_EQ(host.fields(index).find("geheim") != std::string::npos, shown) << host.fields(index);
            EXPECT_EQ(host.fields(index).find("secrets_hidden") == std::string::npos, shown)
                << host.fields(index);
        }
    }
}

TEST(PostgresqlParser, NamesAReplicationStream) {
    EXPECT_EQ(run_inside({sent(query("START_REPLICATION SLOT s LOGICAL 0/0")),
                          received(message('W', "\0"s + be16(0)) + message('d', "w" + std::string(24, 'x'))),
                          sent(message('d', "r" + std::string(33, 'y')))}),
              (Lines{"START_REPLICATION SLOT s LOGICAL 0/0 -> streaming (CopyBothResponse)",
                     "START_REPLICATION SLOT s LOGICAL 0/0 -> copied 59 bytes both"}));
}

/// Rounds that each use a statement prepared at the start.
struct Rounds {
    Conversation calls = login();
    Lines truth{std::string(kLogin)};

    explicit Rounds(int count) {
        calls.push_back(sent(parse("p", "SELECT $1", {kInt4}) + sync()));
        calls.push_back(received(parsed() + ready()));
        truth.emplace_back("PREPARE SELECT $1 -> OK");
        for (int i = 0; i < count; ++i) {
            const std::string n = std::to_string(100 + i);
            calls.push_back(sent(bind("", "p", {n}) + execute() + sync()));
            calls.push_back(received(bound() + row({n}) + complete("SELECT 1") + ready()));
            truth.push_back("SELECT $1 [" + n + "] -> 1 row");
            calls.push_back(sent(query("SELECT " + n)));
            calls.push_back(
                received(columns({{"x", kInt4}}) + row({n}) + row({n}) + complete("SELECT 2") + ready()));
            truth.push_back("SELECT " + n + " -> 2 rows");
        }
    }
};

// Whatever is lost: what is shown as complete is true.
/// A statement that was prepared unseen is said to be so.
bool is_unknown(const std::string& line) {
    return line.find("<unknown>") != std::string::npos;
}

TEST(PostgresqlParser, IsNeverWrongSilentlyAfterAGap) {
    const Rounds rounds(4);
    test::expect_no_inventions(create_postgresql, {rounds.calls, rounds.truth}, {1, 7, 40}, is_unknown);
}

TEST(PostgresqlParser, JoinsAnywhere) {
    const Rounds rounds(40);
    for (std::size_t first = 6; first < 30; ++first) {
        for (const std::size_t inside : {0U, 3U}) {
            Conversation rest(rounds.calls.begin() + static_cast<std::ptrdiff_t>(first), rounds.calls.end());
            rest.front().bytes.erase(0, inside);
            for (const bool server : {false, true}) {
                RecordingHost host;
                host.info.midstream = true;
                EXPECT_TRUE(host.run(create_postgresql, server ? from_other_end(rest) : rest));
                const Lines lines = host.lines();
                ASSERT_GE(lines.size(), 60) << first;
                EXPECT_EQ(host.info.role, server ? Role::server : Role::client);
                EXPECT_EQ(lines.back(), "SELECT 139 -> 2 rows")
                    << first << ": strict turns restore certainty";
                if (first > 8) {
                    EXPECT_EQ(lines[lines.size() - 2], "<unknown> ['139'] -> 1 row") << first;
                }
            }
        }
    }
}

TEST(PostgresqlParser, KeepsItsPlaceThroughAGapInsideAMessage) {
    Conversation calls = login();
    calls.push_back(sent(query("SELECT x")));
    const std::size_t before = size_of(calls);
    calls.push_back(
        received(columns({{"x", kText}}) + row({std::string(1000, 'x')}) + complete("SELECT 1") + ready()));
    RecordingHost host;
    ASSERT_TRUE(host.run(create_postgresql, test::with_gap(calls, before + 200, 500)));
    ASSERT_EQ(host.emitted.size(), 2);
    EXPECT_EQ(host.lines()[1], "SELECT x -> 1 row !gap in message");
    EXPECT_EQ(host.emitted[1].integrity.missing_bytes, 500);
}

TEST(PostgresqlParser, ForgetsWhatSqlDeallocates) {
    EXPECT_EQ(run_inside({sent(parse("a", "SELECT 1") + sync()), received(parsed() + ready()),
                          sent(query("DEALLOCATE \"a\"")), received(complete("DEALLOCATE") + ready()),
                          sent(bind("", "a", {}) + execute() + sync()),
                          received(error("26000", "prepared statement \"a\" does not exist") + ready())}),
              (Lines{"PREPARE SELECT 1 -> OK", "DEALLOCATE \"a\" -> DEALLOCATE",
                     "<unknown> -> ERROR 26000 prepared statement \"a\" does not exist"}));
}

TEST(PostgresqlParser, SurvivesDamage) {
    std::mt19937 random(7);
    for (int trial = 0; trial < 3000; ++trial) {
        Conversation calls = example().conversation;
        for (int change = 0; change < 3; ++change) {
            std::string& bytes = calls[random() % calls.size()].bytes;
            bytes[random() % bytes.size()] = static_cast<char>(random());
        }
        RecordingHost host;
        host.info.midstream = trial % 4 == 0;
        host.run(create_postgresql, trial % 2 == 0 ? calls : in_chunks(calls, 1 + random() % 40));
        for (std::size_t i = 0; i < host.emitted.size(); ++i) {
            host.fields(i);
            host.details(i);
        }
    }
}

TEST(PostgresqlParser, BoundsWhatItHolds) {
    RecordingHost host;
    ParserLimits limits;
    limits.max_body = 1000;
    limits.max_pending = 16;
    const auto parser = create_postgresql(host, limits);
    const auto feed = [&](Direction direction, const std::string& bytes) {
        ASSERT_EQ(parser->feed(direction, bytes, {}), ProtocolParser::Status::ok);
    };
    for (const auto& piece : login()) {
        feed(piece.direction, piece.bytes);
    }
    for (int i = 0; i < 20'000; ++i) {
        feed(Direction::sent,
             parse("s" + std::to_string(i), std::string(900, 'x')) + bind("", "", {std::string(900, 'y')}));
        if (i % 2 == 0) {
            feed(Direction::received, parsed());
        }
    }
    EXPECT_LT(parser->held(), 8U << 20U);
    parser->give_up(std::size_t{1} << 30U);
    EXPECT_LT(parser->held(), 64U << 10U);
}

}  // namespace
}  // namespace sslsniff
