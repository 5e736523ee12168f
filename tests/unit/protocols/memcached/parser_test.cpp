#include <gtest/gtest.h>

#include <algorithm>

#include "base/endian.h"
#include "protocols/memcached/memcached.h"
#include "support/recording_host.h"

namespace sslsniff {
namespace {

using test::Conversation;
using test::received;
using test::RecordingHost;
using test::sent;
using Lines = std::vector<std::string>;

const std::string kNotWanted = " -> (no response wanted)";

/// Text commands, pipelined, with data that looks like commands and replies.
test::ParserExample text() {
    return {{sent("set a 1 60 7\r\nEND\r\nab\r\n"), received("STORED\r\n"),
             sent("get a\r\nget b\r\ngets a b a\r\n"), received("VALUE a 1 7\r\nEND\r\nab\r\nEND\r\nEND\r\n"),
             received("VALUE a 1 7 42\r\nEND\r\nab\r\nVALUE a 1 7 42\r\nEND\r\nab\r\nEND\r\n"),
             sent("set q 0 0 1 noreply\r\nx\r\ndelete q noreply\r\nincr n 1\r\n"), received("NOT_FOUND\r\n"),
             sent("add n 0 0 1\r\n5\r\nincr n 2\r\ndecr n 1\r\ntouch n 9\r\ngat 9 n\r\n"),
             received("STORED\r\n7\r\n6 \r\nTOUCHED\r\nVALUE n 0 1\r\n6\r\nEND\r\n"),
             sent("cas n 0 0 1 7\r\n1\r\nreplace zz 0 0 0\r\n\r\ndelete n\r\n"),
             received("EXISTS\r\nNOT_STORED\r\nDELETED\r\n"), sent("version\r\nstats\r\nflush_all\r\n"),
             received("VERSION 1.6.18\r\nSTAT pid 1\r\nSTAT name with blanks\r\nEND\r\nOK\r\n"),
             sent("set big 0 0 2\r\nxx\r\nincr a 1\r\n"),
             received("SERVER_ERROR object too large for cache\r\nCLIENT_ERROR cannot increment or decrement "
                      "non-numeric value\r\n"),
             sent("quit\r\n")},
            {"set a -> STORED",
             "get a -> hit",
             "get b -> miss",
             "gets a b a -> 2 of 3",
             "set q" + kNotWanted,
             "delete q" + kNotWanted,
             "incr n 1 -> NOT_FOUND",
             "add n -> STORED",
             "incr n 2 -> 7",
             "decr n 1 -> 6 ",
             "touch n -> TOUCHED",
             "gat n -> hit",
             "cas n -> EXISTS",
             "replace zz -> NOT_STORED",
             "delete n -> DELETED",
             "version -> VERSION 1.6.18",
             "stats -> 2 lines",
             "flush_all -> OK",
             "set big -> SERVER_ERROR object too large for cache",
             "incr a 1 -> CLIENT_ERROR cannot increment or decrement non-numeric value",
             "quit" + kNotWanted}};
}

test::ParserExample meta() {
    return {
        {sent("ms k 3 T60\r\nabc\r\nmg k v f\r\nmg none v\r\n"), received("HD\r\nVA 3 f0\r\nabc\r\nEN\r\n"),
         sent("mg none v q O1\r\nmg k v q O2\r\nms k 1 q O3\r\nx\r\nmd none q O4\r\nms k 1 q C1 "
              "O5\r\ny\r\nmn\r\n"),
         received("VA 3 O2\r\nabc\r\nEX O5\r\nMN\r\n"), sent("ma n N0 J5 v\r\nmd k\r\nme k\r\n"),
         received("VA 1\r\n5\r\nHD\r\nEN\r\n")},
        {"ms k -> HD", "mg k -> VA 3 f0", "mg none -> EN", "mg none -> (quiet)", "mg k -> VA 3 O2",
         "ms k -> (quiet)", "md none -> (quiet)", "ms k -> EX O5", "mn -> MN", "ma n -> VA 1", "md k -> HD",
         "me k -> EN"}};
}

std::string packet(unsigned magic, unsigned opcode, unsigned status, std::uint32_t opaque,
                   const std::string& extras, const std::string& key, const std::string& value,
                   std::uint64_t cas = 0) {
    std::string out{static_cast<char>(magic), static_cast<char>(opcode)};
    append_be(out, static_cast<std::uint16_t>(key.size()));
    out += static_cast<char>(extras.size());
    out += '\0';
    append_be(out, static_cast<std::uint16_t>(status));
    append_be(out, static_cast<std::uint32_t>(extras.size() + key.size() + value.size()));
    append_be(out, opaque);
    append_be(out, cas);
    return out + extras + key + value;
}
std::string ask(unsigned opcode, std::uint32_t opaque, const std::string& extras = {},
                const std::string& key = {}, const std::string& value = {}) {
    return packet(0x80, opcode, 0, opaque, extras, key, value);
}
std::string say(unsigned opcode, std::uint32_t opaque, unsigned status = 0, const std::string& extras = {},
                const std::string& key = {}, const std::string& value = {}) {
    return packet(0x81, opcode, status, opaque, extras, key, value, 9);
}

test::ParserExample binary() {
    const std::string times("\0\0\0\1\0\0\0\x3C", 8);
    const std::string count =
        std::string("\0\0\0\0\0\0\0\5", 8) + std::string(8, '\0') + std::string(4, '\0');
    const std::string flags("\0\0\0\1", 4);
    return {
        {sent(ask(0x21, 0, {}, "PLAIN", std::string("\0bob\0secret", 11))),
         received(say(0x21, 0, 0, {}, {}, "Authenticated")),
         sent(ask(0x01, 1, times, "a", "abc") + ask(0x00, 2, {}, "a") + ask(0x00, 3, {}, "b")),
         received(say(0x01, 1) + say(0x00, 2, 0, flags, {}, "abc") + say(0x00, 3, 1, {}, {}, "Not found")),
         // Pipelined quiet ones, ended by a noop.
         sent(ask(0x0d, 4, {}, "none") + ask(0x0d, 5, {}, "a") + ask(0x11, 6, times, "c", "x") +
              ask(0x12, 7, times, "a", "y") + ask(0x0a, 8)),
         received(say(0x0d, 5, 0, flags, "a", "abc") + say(0x12, 7, 2, {}, {}, "Data exists for key.") +
                  say(0x0a, 8)),
         sent(ask(0x05, 9, count, "n") + ask(0x10, 10) + ask(0x04, 11, {}, "a") + ask(0x17, 12)),
         received(say(0x05, 9, 0, {}, {}, std::string("\0\0\0\0\0\0\1\0", 8)) +
                  say(0x10, 10, 0, {}, "pid", "1") + say(0x10, 10, 0, {}, "threads", "4") + say(0x10, 10) +
                  say(0x04, 11, 0x82, {}, {}, "Out"))},
        {"sasl_auth PLAIN -> No error", "set a -> No error", "get a -> No error", "get b -> Key not found",
         "get none -> (quiet)", "get a -> No error", "set c -> (quiet)", "add a -> Key exists",
         "noop -> No error", "quit" + kNotWanted, "incr n -> 256", "stats -> 2 lines",
         "delete a -> Out of memory"}};
}

TEST(MemcachedParser, ReadsTextHoweverItIsCut) {
    test::expect_however_cut(create_memcached, text());
}

/// The specification forbids them; servers take them, and load generators send them.
TEST(MemcachedParser, TakesKeysWithControlCharacters) {
    const test::ParserExample example{
        {sent("set \x01\x7f\x90k 0 0 1\r\nx\r\nget \x01\x7f\x90k\r\nget \t\r\n"),
         received("STORED\r\nVALUE \x01\x7f\x90k 0 1\r\nx\r\nEND\r\nEND\r\n")},
        {R"(set \x01\x7f\x90k -> STORED)", R"(get \x01\x7f\x90k -> hit)", R"(get \x09 -> miss)"}};
    test::expect_however_cut(create_memcached, example);
}

TEST(MemcachedParser, ReadsMetaHoweverItIsCut) {
    test::expect_however_cut(create_memcached, meta());
}

TEST(MemcachedParser, ReadsBinaryHoweverItIsCut) {
    test::expect_however_cut(create_memcached, binary());
}

TEST(MemcachedParser, SaysAllThatCommandsHave) {
    RecordingHost host;
    ASSERT_TRUE(host.run(create_memcached, text().conversation));
    EXPECT_EQ(host.fields(0),
              "encoding=\"text\" request{command=\"set\" key=\"a\" client_flags=1 exptime_s=60 "
              "data=(7 0 \"END\\x0d\\x0aab\")} response{reply=\"STORED\"}");
    EXPECT_EQ(
        host.fields(3),
        "encoding=\"text\" request{command=\"gets\" keys[=\"a\" =\"b\" =\"a\"] key_count=3} "
        "response{items[{key=\"a\" client_flags=1 cas_unique=42 data=(7 0 \"END\\x0d\\x0aab\")} "
        "{key=\"a\" client_flags=1 cas_unique=42 data=(7 0 \"END\\x0d\\x0aab\")}] reply=\"END\" hits=2}");
    EXPECT_EQ(host.fields(16),
              "encoding=\"text\" request{command=\"stats\"} response{stats[{name=\"pid\" value=\"1\"} "
              "{name=\"name\" value=\"with blanks\"}] reply=\"END\" stat_count=2}");
    EXPECT_EQ(test::render_facts(*host.emitted[3].exchange), "gets a ok 0/14");
    EXPECT_EQ(test::render_facts(*host.emitted[18].exchange),
              "set big server_error SERVER_ERROR object too large for cache 2/0");
    RecordingHost second;
    ASSERT_TRUE(second.run(create_memcached, binary().conversation));
    EXPECT_EQ(second.fields(2),
              "encoding=\"binary\" request{command=\"get\" opcode_number=0 opaque=2 key=\"a\"} "
              "response{reply=\"No error\" status_code=0 client_flags=1 cas_unique=9 data=(3 0 \"abc\")}");
    RecordingHost third;
    ASSERT_TRUE(third.run(create_memcached, meta().conversation));
    EXPECT_EQ(third.fields(4),
              "encoding=\"text\" request{command=\"mg\" key=\"k\" meta_flags[=\"v\" =\"q\" =\"O2\"]} "
              "response{reply=\"VA\" meta_flags[=\"O2\"] data=(3 0 \"abc\")}");
}

TEST(MemcachedParser, HidesSecretsUnlessToldOtherwise) {
    for (const bool show : {false, true}) {
        ParserLimits limits;
        limits.show_secrets = show;
        RecordingHost host;
        ASSERT_TRUE(host.run(create_memcached, binary().conversation, limits));
        const std::string all = host.everything();
        EXPECT_EQ(all.find("secret\"") != std::string::npos, show) << all;
    }
}

TEST(MemcachedParser, NeverInventsAnythingAfterAGap) {
    test::expect_no_inventions(create_memcached, text(), {1, 5, 30});
    test::expect_no_inventions(create_memcached, meta(), {1, 5, 30});
    test::expect_no_inventions(create_memcached, binary(), {1, 5, 30});
}

TEST(MemcachedParser, JoinsAfterEveryMessage) {
    test::expect_joins(create_memcached, text(), 2);
    test::expect_joins(create_memcached, meta(), 2);
    test::expect_joins(create_memcached, binary(), 2);
}

TEST(MemcachedParser, SaysWhatIsUnansweredAndNotCertain) {
    RecordingHost host;
    ASSERT_TRUE(host.run(create_memcached, {sent("set a 0 0 1\r\nx\r\nmg a v q\r\nmg b v q\r\n"),
                                            received("STORED\r\nVA 1\r\nx\r\n"), sent("get c\r\n")}));
    EXPECT_EQ(host.lines(),
              (Lines{"set a -> STORED", "mg a -> VA 1 !answers a quiet command, not certain which one",
                     "mg b -> (quiet)", "get c ->  !no response"}));
    EXPECT_EQ(test::render_facts(*host.emitted[3].exchange), "get c unanswered 0/0");
}

TEST(MemcachedParser, KeepsItsPlaceInDataWithAGap) {
    RecordingHost host;
    const auto parser = create_memcached(host, {});
    const std::string message = "set a 0 0 1000\r\n" + std::string(1000, 'p') + "\r\n";
    parser->feed(Direction::sent, message.substr(0, 100), {});
    parser->gap(Direction::sent, 500, {});
    parser->feed(Direction::sent, message.substr(600) + "get b\r\n", {});
    parser->feed(Direction::received, "STORED\r\nEND\r\n", {});
    parser->finish({});
    EXPECT_EQ(host.lines(), (Lines{"set a -> STORED !gap in stream", "get b -> miss"}));
    EXPECT_NE(host.fields(0).find("data=(1000 500"), std::string::npos) << host.fields(0);
}

TEST(MemcachedParser, BoundsWhatWaits) {
    ParserLimits limits;
    limits.max_pending = 8;
    RecordingHost host;
    const auto parser = create_memcached(host, limits);
    std::size_t most = 0;
    for (unsigned n = 1; n < 5000; ++n) {
        const std::string number = std::to_string(n);
        parser->feed(Direction::sent,
                     "set k" + number + " 0 0 1\r\nx\r\nmg " + number + " v q O" + number + "\r\n", {});
        most = std::max(most, parser->held());
    }
    parser->feed(Direction::sent, "gets x\r\n", {});
    for (unsigned n = 1; n < 5000; ++n) {
        parser->feed(Direction::received, "VALUE x 0 100\r\n" + std::string(100, 'v') + "\r\n", {});
        most = std::max(most, parser->held());
    }
    EXPECT_LT(most, 300'000U);
    EXPECT_GT(host.emitted.size(), 9000U);
    EXPECT_GT(parser->give_up(1'000'000), 0U);
    parser->finish({});
}

}  // namespace
}  // namespace sslsniff
