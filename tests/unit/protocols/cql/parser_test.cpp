#include <gtest/gtest.h>
#include <snappy-c.h>

#include <algorithm>

#include "protocols/cql/cql.h"
#include "support/recording_host.h"
#include "unit/protocols/cql/envelopes.h"

namespace sslsniff {
namespace {

using namespace test::cassandra;
using test::Conversation;
using test::received;
using test::RecordingHost;
using test::sent;
using Lines = std::vector<std::string>;

std::string startup(unsigned version, const std::string& compression = {}) {
    std::string body = u16(compression.empty() ? 2 : 3) + text("CQL_VERSION") + text("3.4.5") +
                       text("DRIVER_NAME") + text("driver");
    body += compression.empty() ? "" : text("COMPRESSION") + text(compression);
    return ask(version, 0, 1, body);
}
std::string error(unsigned version, unsigned stream, std::uint32_t code, std::string_view message) {
    return say(version, stream, 0, u32(code) + text(message));
}
std::string batch(unsigned version, unsigned stream) {
    return ask(version, stream, 13,
               std::string(1, '\1') + u16(2) + '\0' + long_text("INSERT INTO a (x) VALUES (1)") + u16(0) +
                   '\1' + text("id1") + u16(2) + row(7, "bob") + u16(1) + flags_of(version, 0));
}

/// From login on, answers out of order, an event between them.
Conversation talk(unsigned version) {
    return {
        sent(query(version, 1, "SELECT * FROM shop.users WHERE id = ?", {u32(7)}) +
             query(version, 2, "USE shop")),
        received(say(version, 2, 8, u32(3) + text("shop")) +
                 say(version, 1, 8, rows({row(7, "bob"), row(8, "eve")}))),
        sent(ask(version, 1, 9,
                 long_text("INSERT INTO users (id, name) VALUES (?, ?)") + (version == 5 ? u32(0) : ""))),
        received(say(version, 1, 8, prepared(version, "id1"))),
        sent(execute(version, 3, "id1", {u32(7), "bob"}) + batch(version, 4)),
        received(say(version, 0xFFFF, 12,
                     text("STATUS_CHANGE") + text("DOWN") + "\4\x7F" + std::string("\0\0\1", 3) + u32(9042)) +
                 say(version, 4, 8, u32(1)) + say(version, 3, 8, rows({row(7, "bob")}, false))),
        sent(query(version, 5, "SELEC") + query(version, 6, "CREATE TABLE shop.t (a int)") +
             execute(version, 7, "nosuch", {"x"})),
        received(error(version, 5, 0x2000, "line 1:0 no viable alternative") +
                 say(version, 6, 8, u32(5) + text("CREATED") + text("TABLE") + text("shop") + text("t")) +
                 error(version, 7, 0x2500, "unprepared"))};
}
test::ParserExample plain(unsigned version) {
    Conversation all{sent(ask(version, 0, 5)),
                     received(say(version, 0, 6, u16(1) + text("COMPRESSION") + u16(1) + text("lz4"))),
                     sent(startup(version)),
                     received(say(version, 0, 3, text("PasswordAuthenticator"))),
                     sent(ask(version, 0, 15, long_text(std::string("\0bob\0secret", 11)))),
                     received(say(version, 0, 16, u32(0xFFFFFFFF)))};
    for (const test::Piece& piece : talk(version)) {
        all.push_back(piece);
    }
    return {
        all,
        {"OPTIONS -> SUPPORTED", "STARTUP driver -> AUTHENTICATE", "AUTH_RESPONSE -> AUTH_SUCCESS",
         "USE shop -> keyspace shop", "SELECT * FROM shop.users WHERE id = ? ['\\x5cx00000007'] -> 2 rows",
         "PREPARE INSERT INTO users (id, name) VALUES (?, ?) -> prepared, 2 markers",
         " <- EVENT STATUS_CHANGE DOWN",
         "BATCH INSERT INTO a (x) VALUES (1); INSERT INTO users (id, name) VALUES (?, ?) [7, 'bob'] -> OK",
         "INSERT INTO users (id, name) VALUES (?, ?) [7, 'bob'] -> 1 row",
         "SELEC -> ERROR SYNTAX_ERROR line 1:0 no viable alternative",
         "CREATE TABLE shop.t (a int) -> CREATED TABLE shop.t",
         "<unknown> ['x'] -> ERROR UNPREPARED unprepared"}};
}

/// Version 5: segments behind READY, several envelopes in one, one envelope in several.
test::ParserExample segments(bool compressed) {
    const std::string large = query(5, 9, "SELECT '" + std::string(3000, 'x') + "'");
    Conversation all{sent(startup(5, compressed ? "lz4" : "")), received(say(5, 0, 2))};
    for (const test::Piece& piece : talk(5)) {
        all.push_back({piece.direction, segment(piece.bytes, true, compressed), true});
    }
    all.push_back(sent(segment(large.substr(0, 1000), false, compressed) +
                       segment(large.substr(1000, 5), false, compressed) +
                       segment(large.substr(1005), false, compressed)));
    all.push_back(received(segment(say(5, 9, 8, u32(1)), true, compressed)));
    Lines lines = plain(5).lines;
    lines.erase(lines.begin(), lines.begin() + 3);
    lines.insert(lines.begin(), "STARTUP driver -> READY");
    return {all, lines};
}

/// The whole conversation compressed as versions 3 and 4 do.
Conversation compressed(const Conversation& conversation, bool snappy) {
    Conversation out;
    for (const test::Piece& piece : conversation) {
        std::string all;
        for (std::size_t at = 0; at < piece.bytes.size();) {
            const std::size_t size = load_be<std::uint32_t>(piece.bytes, at + 5);
            const std::string body = piece.bytes.substr(at + 9, size);
            std::string packed(2 * size + 100, '\0');
            std::size_t length = packed.size();
            if (snappy) {
                snappy_compress(body.data(), body.size(), packed.data(), &length);
                packed.resize(length);
            } else {
                packed.resize(static_cast<std::size_t>(LZ4_compress_default(
                    body.data(), packed.data(), static_cast<int>(size), static_cast<int>(length))));
                packed = u32(static_cast<std::uint32_t>(size)) + packed;
            }
            std::string header = piece.bytes.substr(at, 9);
            if (size > 0) {
                header[1] = '\1';
                header = header.substr(0, 5) + u32(static_cast<std::uint32_t>(packed.size()));
            }
            all += header + (size > 0 ? packed : "");
            at += 9 + size;
        }
        out.push_back({piece.direction, all, true});
    }
    return out;
}

TEST(CqlParser, ReadsVersions3To5HoweverTheyAreCut) {
    for (const unsigned version : {3U, 4U, 5U}) {
        test::expect_however_cut(create_cql, plain(version));
    }
}

TEST(CqlParser, ReadsSegmentsHoweverTheyAreCut) {
    for (const bool compressed : {false, true}) {
        test::ParserExample example = segments(compressed);
        RecordingHost host;
        ASSERT_TRUE(host.run(create_cql, example.conversation));
        Lines lines = host.lines();
        ASSERT_FALSE(lines.empty());
        lines.pop_back();
        EXPECT_EQ(lines, example.lines);
        example.lines = host.lines();
        EXPECT_TRUE(example.lines.back().starts_with("SELECT 'xxx")) << example.lines.back();
        EXPECT_TRUE(example.lines.back().ends_with(" -> OK")) << example.lines.back();
        test::expect_however_cut(create_cql, example);
    }
}

TEST(CqlParser, ReadsWhatIsCompressed) {
    for (const bool snappy : {false, true}) {
        test::ParserExample example = plain(4);
        const Conversation whole = example.conversation;
        example.conversation = Conversation(whole.begin(), whole.begin() + 3);
        for (const test::Piece& piece : compressed(Conversation(whole.begin() + 3, whole.end()), snappy)) {
            example.conversation.push_back(piece);
        }
        test::expect_however_cut(create_cql, example);
    }
}

TEST(CqlParser, SaysAllThatMessagesHave) {
    RecordingHost host;
    ASSERT_TRUE(host.run(create_cql, plain(4).conversation));
    EXPECT_EQ(
        host.fields(4),
        "kind=\"query\" request{statement=\"SELECT * FROM shop.users WHERE id = ?\" operation=\"SELECT\" "
        "table=\"shop.users\" parameters[=\"\\x5cx00000007\"] parameter_count=1 opcode=\"QUERY\" "
        "protocol_version=\"4\" stream=1 consistency=\"QUORUM\" bytes=63} response{row_count=2 "
        "columns[{name=\"id\" type=\"int\"} {name=\"name\" type=\"varchar\"}] "
        "rows[[=7 =\"bob\"] [=8 =\"eve\"]] opcode=\"RESULT\" bytes=82}");
    EXPECT_EQ(test::render_facts(*host.emitted[9].exchange), "SELEC - client_error SYNTAX_ERROR 21/45");
    const std::string executed = host.fields(8);
    EXPECT_NE(executed.find("parameters[=7 =\"bob\"]"), std::string::npos) << executed;
    EXPECT_NE(executed.find("rows[[=7 =\"bob\"]]"), std::string::npos) << executed;
    EXPECT_NE(host.fields(6).find("change=\"DOWN\" address=\"127.0.0.1\""), std::string::npos)
        << host.fields(6);
}

TEST(CqlParser, HidesSecretsUnlessToldOtherwise) {
    Conversation login = plain(4).conversation;
    login.push_back(sent(query(4, 1, "CREATE ROLE bob WITH PASSWORD = 'secret' AND LOGIN = true")));
    for (const bool show : {false, true}) {
        ParserLimits limits;
        limits.show_secrets = show;
        RecordingHost host;
        ASSERT_TRUE(host.run(create_cql, login, limits));
        const std::string all = host.everything();
        EXPECT_EQ(all.find("x00secret") != std::string::npos, show) << all;
        EXPECT_EQ(all.find("'secret'") != std::string::npos, show) << all;
    }
}

/// Of what was prepared unseen the text is not known; a long one is given as far as it is kept.
bool is_unknown_or_long(const std::string& line) {
    return line.find("<unknown>") != std::string::npos || line.starts_with("SELECT 'xxx");
}

TEST(CqlParser, NeverInventsAnythingAfterAGap) {
    for (const test::ParserExample& example : {plain(4), segments(false), segments(true)}) {
        test::expect_no_inventions(create_cql, example, {1, 9, 40}, is_unknown_or_long);
    }
}

TEST(CqlParser, JoinsAfterEveryMessage) {
    for (const test::ParserExample& example : {plain(3), plain(4), segments(false), segments(true)}) {
        test::expect_joins(create_cql, example, 1, is_unknown_or_long);
    }
}

TEST(CqlParser, SaysWhatIsUnanswered) {
    RecordingHost host;
    ASSERT_TRUE(host.run(create_cql, {sent(startup(4)), received(say(4, 0, 2)), sent(query(4, 1, "SELECT 1")),
                                      sent(query(4, 2, "SELECT 2") + query(4, 2, "SELECT 3")),
                                      received(say(4, 2, 8, u32(1)))}));
    EXPECT_EQ(host.lines(),
              (Lines{"STARTUP driver -> READY", "SELECT 2 ->  !the same stream was used again",
                     "SELECT 3 -> OK !its stream was used twice", "SELECT 1 ->  !no response"}));
}

TEST(CqlParser, BoundsWhatWaits) {
    ParserLimits limits;
    limits.max_pending = 8;
    RecordingHost host;
    const auto parser = create_cql(host, limits);
    parser->feed(Direction::sent, startup(4), {});
    std::size_t most = 0;
    for (unsigned n = 1; n < 4000; ++n) {
        const std::string statement = "SELECT " + std::to_string(n) + std::string(1000, 'x');
        parser->feed(Direction::sent, ask(4, n, 9, long_text(statement)), {});
        parser->feed(Direction::received, say(4, n, 8, prepared(4, "id" + std::to_string(n))), {});
        parser->feed(Direction::sent, query(4, n, statement), {});
        most = std::max(most, parser->held());
    }
    EXPECT_LT(most, 1'500'000U);
    EXPECT_GT(host.emitted.size(), 7000U);
    EXPECT_GT(parser->give_up(10'000'000), 0U);
    parser->finish({});
}

}  // namespace
}  // namespace sslsniff
