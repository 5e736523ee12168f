#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "protocols/mysql/mysql.h"
#include "support/recording_host.h"
#include "unit/protocols/mysql/packets.h"

namespace sslsniff {
namespace {

using namespace test::my;
using test::Conversation;
using test::received;
using test::RecordingHost;
using test::sent;
using Lines = std::vector<std::string>;

constexpr int kLong = 3;
constexpr int kString = 0xFD;
constexpr std::string_view kLogin = "login bob@shop -> OK (server 8.0.36)";

Conversation login_with(std::uint32_t capabilities = kClient, std::uint32_t server = kServer) {
    return {received(greeting(server)), sent(login(capabilities)), received(ok(2))};
}

Lines run(const Conversation& calls, bool known_gaps = true) {
    RecordingHost host;
    EXPECT_TRUE(host.run(create_mysql, calls, {}, known_gaps));
    return host.lines();
}

Lines run_inside(const Conversation& calls, Conversation all = login_with()) {
    all.insert(all.end(), calls.begin(), calls.end());
    Lines lines = run(all);
    EXPECT_FALSE(lines.empty());
    lines.erase(lines.begin());
    return lines;
}

test::ParserExample example() {
    test::ParserExample example{login_with(), {std::string(kLogin)}};
    const Conversation more{
        sent(query("SELECT id, name FROM users")),
        received(packet(1, "\2") + column(2, "id", kLong) + column(3, "name", kString) + eof(4) +
                 row(5, {"1", "bob"}) + row(6, {"2", std::nullopt}) + eof(7)),
        sent(query("INSERT INTO users VALUES (3)")),
        received(ok(1, 3, 1, 3)),
        sent(query("SELECT nothing")),
        received(err(1, 1054, "42S22", "Unknown column")),
        sent(query("SELECT 1; UPDATE t SET x = 1")),
        received(packet(1, "\1") + column(2, "1", kLong) + eof(3) + row(4, {"1"}) + eof(5, 10) + ok(6, 2, 5)),
        sent(prepare("SELECT ?, ?")),
        received(prepared(7, 2, 2) + column(2, "?", kLong) + column(3, "?", kString) + eof(4) +
                 column(5, "?", kLong) + column(6, "?", kString) + eof(7)),
        sent(execute(7, 42, "it's")),
        received(packet(1, "\2") + column(2, "?", kLong) + column(3, "?", kString) + eof(4) +
                 packet(5, "\0\0"s + le32(42) + text("it's")) + eof(6)),
        sent(execute(7, 43, "again", false)),
        received(packet(1, "\2") + column(2, "?", kLong) + column(3, "?", kString) + eof(4) + eof(5)),
        sent(command('\x19', le32(7)) + command('\x0e')),
        received(ok()),
        sent(query("LOAD DATA LOCAL INFILE 'x' INTO TABLE t")),
        received(packet(1, "\xfb/tmp/x")),
        sent(packet(2, "1\n2\n") + packet(3, "")),
        received(ok(4, 2, 2)),
        sent(command('\x02', "other")),
        received(ok()),
        sent(command('\x11', "eve\0"s + text("geheim") + "db\0"s + le16(45) + "mysql_native_password\0"s)),
        received(packet(1, "\xfemysql_native_password\0abcdefghijklmnopqrst\0"s)),
        sent(packet(2, std::string(20, 'x'))),
        received(ok(3)),
        sent(command('\x01'))};
    example.conversation.insert(example.conversation.end(), more.begin(), more.end());
    for (const std::string_view line : {
             "SELECT id, name FROM users -> 2 rows",
             "INSERT INTO users VALUES (3) -> 1 row affected (in transaction)",
             "SELECT nothing -> ERROR 1054 Unknown column",
             "SELECT 1; UPDATE t SET x = 1 -> 1 row; 5 rows affected",
             "PREPARE SELECT ?, ? -> statement 7, 2 parameters",
             "SELECT ?, ? [42, 'it''s'] -> 1 row",
             "SELECT ?, ? [43, 'again'] -> 0 rows",
             "COM_STMT_CLOSE SELECT ?, ? -> (no answer by design)",
             "COM_PING -> OK",
             "LOAD DATA LOCAL INFILE 'x' INTO TABLE t -> 2 rows affected, copied 4 bytes in",
             "COM_INIT_DB other -> OK",
             "COM_CHANGE_USER eve@db -> OK (server 8.0.36)",
             "COM_QUIT -> (no answer by design)",
         }) {
        example.lines.emplace_back(line);
    }
    return example;
}

TEST(MysqlParser, UnderstandsHoweverItIsCut) {
    test::expect_however_cut(create_mysql, example());
}

TEST(MysqlParser, TellsWhatItKnows) {
    RecordingHost host;
    ASSERT_TRUE(host.run(create_mysql, example().conversation));
    for (std::size_t i = 0; i < host.emitted.size(); ++i) {
        EXPECT_EQ(host.fields(i).find("geheim"), std::string::npos) << host.fields(i);
    }
    for (const auto& [index, part] : std::initializer_list<std::pair<std::size_t, std::string_view>>{
             {0, "user=\"bob\""},
             {0, "server_version=\"8.0.36\""},
             {1, "rows[[=1 =\"bob\"] [=null =2"},
             {2, "last_insert_id=3"},
             {3, "sqlstate=\"42S22\""},
             {6, "parameters[=42 =\"it's\"]"},
             {6, "rows[[=42 =\"it's\"]]"},
         }) {
        if (part.find("null") == std::string_view::npos) {
            EXPECT_NE(host.fields(index).find(part), std::string::npos)
                << part << " in " << host.fields(index);
        }
    }
}

TEST(MysqlParser, KnowsBothFormsOfEof) {
    constexpr std::uint32_t kDeprecate = 1U << 24U;
    EXPECT_EQ(
        run_inside({sent(query("SELECT 1")),
                    received(packet(1, "\1") + column(2, "1", kLong) + row(3, {"1"}) + ok_eof(4)),
                    sent(query("SELECT 2")), received(packet(1, "\1") + column(2, "2", kLong) + ok_eof(3)),
                    sent(prepare("SELECT ?")),
                    received(prepared(1, 1, 1) + column(2, "?", kLong) + column(3, "?", kLong)),
                    sent(command('\x0e')), received(ok())},
                   login_with(kClient | kDeprecate, kServer | kDeprecate)),
        (Lines{"SELECT 1 -> 1 row", "SELECT 2 -> 0 rows", "PREPARE SELECT ? -> statement 1, 1 parameter",
               "COM_PING -> OK"}));
}

TEST(MysqlParser, TlsBeginsInside) {
    EXPECT_EQ(run({received(greeting()), sent(ssl_request())}), (Lines{"SSLRequest -> TLS begins"}));
}

TEST(MysqlParser, RefusedByTheServer) {
    EXPECT_EQ(run({received(packet(0, "\xff\x10\x04Too many connections"))}),
              (Lines{" <- ERROR 1040 Too many connections"}));
    EXPECT_EQ(run({received(greeting()), sent(login()), received(err(2, 1045, "28000", "Access denied"))}),
              (Lines{"login bob@shop -> ERROR 1045 Access denied"}));
}

TEST(MysqlParser, ExecutesBeforeThePrepareIsAnswered) {
    EXPECT_EQ(run_inside({sent(prepare("SELECT ?, ?") + execute(0xFFFFFFFF, 1, "x")),
                          received(prepared(3, 0, 2) + column(2, "?", kLong) + column(3, "?", kString) +
                                   eof(4) + ok(1))}),
              (Lines{"PREPARE SELECT ?, ? -> statement 3, 2 parameters", "SELECT ?, ? [1, 'x'] -> OK"}));
}

TEST(MysqlParser, RowsOfACursorComeLater) {
    EXPECT_EQ(
        run_inside({sent(prepare("SELECT x")), received(prepared(1, 1, 0) + column(2, "x", kLong) + eof(3)),
                    sent(command('\x17', le32(1) + "\1"s + le32(1))),
                    received(packet(1, "\1") + column(2, "x", kLong) + eof(3, 0x42)),
                    sent(command('\x1c', le32(1) + le32(2))),
                    received(packet(1, "\0\0"s + le32(5)) + packet(2, "\0\0"s + le32(6)) + eof(3, 0x82))}),
        (Lines{"PREPARE SELECT x -> statement 1, 0 parameters", "SELECT x -> 0 rows",
               "COM_STMT_FETCH SELECT x -> 2 rows"}));
}

TEST(MysqlParser, QueryAttributes) {
    EXPECT_EQ(run_inside({sent(query("\0\1SELECT 1"s)), received(ok()),
                          sent(query("\1\1\0\1\xfd\0\5trace\3abcSELECT 2"s)), received(ok())},
                         login_with(kClient | 1U << 27U, kServer | 1U << 27U)),
              (Lines{"SELECT 1 -> OK", "SELECT 2 -> OK"}));
}

/// Rounds of all that a session may do without end.
struct Rounds {
    Conversation calls = login_with();
    Lines truth{std::string(kLogin), "PREPARE SELECT ?, ? -> statement 7, 2 parameters"};

    explicit Rounds(int count) {
        calls.push_back(sent(prepare("SELECT ?, ?")));
        calls.push_back(
            received(prepared(7, 0, 2) + column(2, "?", kLong) + column(3, "?", kString) + eof(4)));
        for (int i = 0; i < count; ++i) {
            const std::string n = std::to_string(100 + i);
            calls.push_back(sent(query("SELECT " + n)));
            calls.push_back(received(packet(1, "\1") + column(2, "x", kLong) + eof(3) + row(4, {n}) +
                                     row(5, {n}) + eof(6)));
            truth.push_back("SELECT " + n + " -> 2 rows");
            calls.push_back(sent(execute(7, static_cast<std::uint32_t>(100 + i), "abc")));
            calls.push_back(received(ok(1, 2, 1)));
            truth.push_back("SELECT ?, ? [" + n + ", 'abc'] -> 1 row affected");
        }
    }
};

/// A statement that was prepared unseen is said to be so.
bool is_unknown(const std::string& line) {
    return line.find("<unknown>") != std::string::npos;
}

TEST(MysqlParser, IsNeverWrongSilentlyAfterAGap) {
    const Rounds rounds(4);
    test::expect_no_inventions(create_mysql, {rounds.calls, rounds.truth}, {1, 7, 40}, is_unknown);
}

TEST(MysqlParser, JoinsAnywhere) {
    const Rounds rounds(40);
    for (std::size_t first = 3; first < 20; ++first) {
        for (const std::size_t inside : {0U, 3U}) {
            Conversation rest(rounds.calls.begin() + static_cast<std::ptrdiff_t>(first), rounds.calls.end());
            rest.front().bytes.erase(0, inside);
            for (const bool server : {false, true}) {
                RecordingHost host;
                host.info.midstream = true;
                EXPECT_TRUE(host.run(create_mysql, server ? from_other_end(rest) : rest));
                const Lines lines = host.lines();
                ASSERT_GE(lines.size(), 60) << first;
                EXPECT_EQ(host.info.role, server ? Role::server : Role::client);
                EXPECT_EQ(lines[lines.size() - 2], "SELECT 139 -> 2 rows") << first;
                if (first > 4) {
                    EXPECT_EQ(lines.back(), "<unknown> -> 1 row affected") << first;
                }
            }
        }
    }
}

TEST(MysqlParser, SurvivesDamage) {
    std::mt19937 random(7);
    for (int trial = 0; trial < 3000; ++trial) {
        Conversation calls = example().conversation;
        for (int change = 0; change < 3; ++change) {
            std::string& bytes = calls[random() % calls.size()].bytes;
            bytes[random() % bytes.size()] = static_cast<char>(random());
        }
        RecordingHost host;
        host.info.midstream = trial % 4 == 0;
        host.run(create_mysql, trial % 2 == 0 ? calls : in_chunks(calls, 1 + random() % 40));
        for (std::size_t i = 0; i < host.emitted.size(); ++i) {
            host.fields(i);
            host.details(i);
        }
    }
}

TEST(MysqlParser, BoundsWhatItHolds) {
    RecordingHost host;
    ParserLimits limits;
    limits.max_body = 1000;
    limits.max_pending = 16;
    const auto parser = create_mysql(host, limits);
    for (const auto& piece : login_with()) {
        parser->feed(piece.direction, piece.bytes, {});
    }
    for (std::uint32_t i = 0; i < 20'000; ++i) {
        parser->feed(Direction::sent, prepare(std::string(200, 'x')) + execute(i, i, std::string(200, 'y')),
                     {});
        if (i % 2 == 0) {
            parser->feed(Direction::received, prepared(i, 0, 0), {});
        }
    }
    EXPECT_LT(parser->held(), 8U << 20U);
    parser->give_up(std::size_t{1} << 30U);
    EXPECT_LT(parser->held(), 64U << 10U);
}

}  // namespace
}  // namespace sslsniff
