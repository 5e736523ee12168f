#include <gtest/gtest.h>

#include <algorithm>

#include "protocols/redis/redis.h"
#include "support/recording_host.h"

namespace sslsniff {
namespace {

using test::Conversation;
using test::received;
using test::RecordingHost;
using test::sent;
using Lines = std::vector<std::string>;

std::string command(std::initializer_list<std::string_view> words) {
    std::string out = "*" + std::to_string(words.size()) + "\r\n";
    for (const std::string_view word : words) {
        out += "$" + std::to_string(word.size()) + "\r\n";
        out.append(word).append("\r\n");
    }
    return out;
}

Lines run(const Conversation& calls, bool known_gaps = true) {
    RecordingHost host;
    EXPECT_TRUE(host.run(create_redis, calls, {}, known_gaps));
    return host.lines();
}

/// A conversation with most of what RESP has, and what it must come out as however it is cut.
test::ParserExample example() {
    return {
        {sent(command({"HELLO", "3", "AUTH", "bob", "geheim"})),
         received("%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n"),
         sent(command({"SET", "user:1", "bob"}) + command({"GET", "user:1"}) + command({"GET", "x"}) +
              command({"incr", "n"})),
         received("+OK\r\n$3\r\nbob\r\n_\r\n"), received(":5\r\n"),
         sent(command({"MULTI"}) + command({"INCR", "n"}) + command({"EXEC"})),
         received("+OK\r\n+QUEUED\r\n*1\r\n:6\r\n"), sent(command({"SUBSCRIBE", "a", "b"})),
         received(">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n>3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n"),
         received(">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n"), sent("PING\r\n"), received("+PONG\r\n"),
         sent(command({"X.ALL"})),
         received("|1\r\n+ttl\r\n:3600\r\n*8\r\n,1.5\r\n#t\r\n#f\r\n(12345678901234567890\r\n"
                  "=7\r\ntxt:a b\r\n~1\r\n:1\r\n!5\r\nERR x\r\n$?\r\n;2\r\nab\r\n;1\r\nc\r\n;0\r\n"),
         sent(command({"GET", "k"})), received("-MOVED 3999 127.0.0.1:6381\r\n"),
         sent(command({"LRANGE", "l", "0", "-1"})), received("*?\r\n$1\r\na\r\n*0\r\n.\r\n")},
        {"HELLO 3 AUTH *** *** -> {\"server\": \"redis\", \"proto\": (integer) 3}", "SET user:1 bob -> OK",
         "GET user:1 -> \"bob\"", "GET x -> (nil)", "INCR n -> (integer) 5", "MULTI -> OK",
         "INCR n -> QUEUED", "EXEC -> [(integer) 6]", "SUBSCRIBE a b -> >[\"subscribe\", \"b\", (integer) 2]",
         " -> >[\"message\", \"a\", \"hi\"]", "PING -> PONG",
         "X.ALL -> [(double) 1.5, (true), (false), 12345678901234567890, \"a b\", ~[(integer) 1], "
         "(error) ERR x, \"abc\"]",
         "GET k -> (error) MOVED 3999 127.0.0.1:6381", "LRANGE l 0 -1 -> [\"a\", []]"}};
}

TEST(RedisParser, UnderstandsHoweverItIsCut) {
    test::expect_however_cut(create_redis, example());
}

// Whatever is lost: a pair shown as certain is a true pair.
TEST(RedisParser, NeverPairsWrongSilentlyAfterAGap) {
    Conversation calls;
    Lines truth;
    for (int round = 0; round < 6; ++round) {
        std::string requests;
        std::string replies;
        for (int i = 0; i < 3; ++i) {
            const std::string n = std::to_string(round * 10 + i);
            requests += command({"GET", "k" + n});
            replies += "$" + std::to_string(n.size() + 1) + "\r\nv" + n + "\r\n";
            truth.push_back("GET k" + n + " -> \"v" + n + "\"");
        }
        calls.push_back(sent(requests));
        calls.push_back(received(replies));
    }
    const std::size_t size = size_of(calls);
    for (const bool known : {true, false}) {
        for (const std::size_t count : {1U, 7U, 30U}) {
            for (std::size_t at = 0; at < size; ++at) {
                for (const std::string& line : run(test::with_gap(calls, at, count), known)) {
                    if (line.find(" !") == std::string::npos) {
                        ASSERT_NE(std::ranges::find(truth, line), truth.end())
                            << line << " with " << count << " lost at " << at;
                    }
                }
            }
        }
    }
}

TEST(RedisParser, KeepsItsPlaceThroughAGapInsideAValue) {
    const std::string value(1000, 'v');
    Conversation calls{sent(command({"GET", "a"}) + command({"GET", "b"})),
                       received("$1000\r\n" + value + "\r\n$1\r\nb\r\n")};
    RecordingHost host;
    host.run(create_redis, test::with_gap(calls, calls[0].bytes.size() + 100, 500));
    ASSERT_EQ(host.emitted.size(), 2);
    EXPECT_EQ(host.emitted[0].integrity.missing_bytes, 500);
    EXPECT_EQ(host.emitted[0].integrity.reason, "gap in value");
    EXPECT_TRUE(host.emitted[1].integrity.complete);
    EXPECT_EQ(host.lines()[1], "GET b -> \"b\"");
}

TEST(RedisParser, FindsItsWayWhenJoiningMidstream) {
    RecordingHost host;
    host.info.midstream = true;
    Conversation calls{received("rest of a value\r\n"), sent("e\r\n" + command({"GET", "a"}))};
    calls.push_back(received("$1\r\nb\r\n"));
    for (int i = 0; i < 40; ++i) {
        calls.push_back(sent(command({"GET", "k"})));
        calls.push_back(received("$1\r\nv\r\n"));
    }
    EXPECT_TRUE(host.run(create_redis, calls));
    const Lines lines = host.lines();
    EXPECT_EQ(lines.front(), "GET a -> \"b\" !pairing uncertain after gap");
    EXPECT_EQ(lines.back(), "GET k -> \"v\"") << "a run of strict turns restores certainty";
}

TEST(RedisParser, MatchesResp2PubSub) {
    EXPECT_EQ(run({sent(command({"PSUBSCRIBE", "a*"}) + command({"PING"})),
                   received("*3\r\n$10\r\npsubscribe\r\n$2\r\na*\r\n:1\r\n"),
                   received("*4\r\n$8\r\npmessage\r\n$2\r\na*\r\n$1\r\na\r\n$2\r\nhi\r\n"),
                   received("*2\r\n$4\r\npong\r\n$0\r\n\r\n"),
                   sent(command({"PUNSUBSCRIBE"}) + command({"GET", "x"})),
                   received("*3\r\n$12\r\npunsubscribe\r\n$2\r\na*\r\n:0\r\n$-1\r\n")}),
              (Lines{"PSUBSCRIBE a* -> [\"psubscribe\", \"a*\", (integer) 1]",
                     " -> [\"pmessage\", \"a*\", \"a\", \"hi\"]", "PING -> [\"pong\", \"\"]",
                     "PUNSUBSCRIBE -> [\"punsubscribe\", \"a*\", (integer) 0]", "GET x -> (nil)"}));
}

TEST(RedisParser, HidesPasswordsWhereverTheyAre) {
    EXPECT_EQ(run({sent(command({"MONITOR"})),
                   received("+OK\r\n+1.5 [0 127.0.0.1:1] \"ACL\" \"SETUSER\" \"bob\" \">ge\\\"heim\"\r\n"
                            "+1.6 [0 127.0.0.1:1] \"GET\" \"a\"\r\n"),
                   sent(command({"SENTINEL", "SET", "m", "quorum", "2", "auth-pass", "geheim"})),
                   received("+OK\r\n")}),
              (Lines{"MONITOR -> OK", " -> monitor 1.5 [0 127.0.0.1:1] \"ACL\" \"SETUSER\" \"bob\" \"***\"",
                     " -> monitor 1.6 [0 127.0.0.1:1] \"GET\" \"a\"",
                     "SENTINEL SET m quorum 2 auth-pass *** -> OK"}));
}

TEST(RedisParser, SeparatesMonitorLinesFromReplies) {
    EXPECT_EQ(run({sent(command({"MONITOR"})),
                   received("+OK\r\n+1339518083.107412 [0 127.0.0.1:60866] \"keys\" \"*\"\r\n"),
                   sent(command({"QUIT"})), received("+OK\r\n")}),
              (Lines{"MONITOR -> OK", " -> monitor 1339518083.107412 [0 127.0.0.1:60866] \"keys\" \"*\"",
                     "QUIT -> OK"}));
}

TEST(RedisParser, KnowsRepliesThatWereSwitchedOff) {
    EXPECT_EQ(run({sent(command({"CLIENT", "REPLY", "SKIP"}) + command({"SET", "a", "1"}) +
                        command({"GET", "a"}) + command({"CLIENT", "REPLY", "OFF"}) +
                        command({"SET", "a", "2"}) + command({"CLIENT", "REPLY", "ON"})),
                   received("$1\r\n1\r\n+OK\r\n")}),
              (Lines{"CLIENT REPLY SKIP -> (no reply wanted)", "SET a 1 -> (no reply wanted)",
                     "CLIENT REPLY OFF -> (no reply wanted)", "SET a 2 -> (no reply wanted)",
                     "GET a -> \"1\"", "CLIENT REPLY ON -> OK"}));
}

TEST(RedisParser, FollowsReplication) {
    const std::string mark(40, 'm');
    const Conversation sized{
        sent(command({"REPLCONF", "capa", "eof"}) + command({"PSYNC", "?", "-1"})),
        received("+OK\r\n\n\n+FULLRESYNC 0123 0\r\n\n$9\r\nREDIS0009" + command({"SELECT", "0"})),
        received("\n" + command({"SET", "k", "v"})), sent(command({"REPLCONF", "ACK", "42"}))};
    const Lines lines{"REPLCONF capa eof -> OK",  "PSYNC ? -1 -> FULLRESYNC 0123 0",
                      " -> RDB snapshot 9 bytes", " -> replicated SELECT 0",
                      " -> replicated SET k v",   "REPLCONF ACK 42 -> (no reply wanted)"};
    EXPECT_EQ(run(sized), lines);
    EXPECT_EQ(run(test::in_chunks(sized, 1)), lines);
    const Conversation diskless{
        sent(command({"PSYNC", "?", "-1"})),
        received("+FULLRESYNC 0123 0\r\n$EOF:" + mark + "\r\nREDIS" + mark + command({"PING"}))};
    EXPECT_EQ(run(test::in_chunks(diskless, 1)), run(diskless));
    EXPECT_EQ(run(diskless), (Lines{"PSYNC ? -1 -> FULLRESYNC 0123 0", " -> RDB snapshot 5 bytes, diskless",
                                    " -> replicated PING"}));
    EXPECT_EQ(run({sent(command({"SYNC"})), received("$5\r\nREDIS" + command({"PING"}))}),
              (Lines{"SYNC -> (no reply wanted)", " -> RDB snapshot 5 bytes", " -> replicated PING"}));
    EXPECT_EQ(run({sent(command({"PSYNC", "0123", "1"})),
                   received("+RDBCHANNELSYNC 5\r\n" + command({"SET", "k", "v"}))}),
              (Lines{"PSYNC 0123 1 -> RDBCHANNELSYNC 5", " -> replicated SET k v"}));
}

TEST(RedisParser, HidesSecretsUnlessAsked) {
    const Conversation calls{
        sent(command({"AUTH", "geheim"}) + "AUTH bob geheim\r\n" +
             command({"CONFIG", "SET", "requirepass", "geheim"}) + command({"CONFIG", "GET", "*"})),
        received("+OK\r\n+OK\r\n+OK\r\n*4\r\n$11\r\nrequirepass\r\n$6\r\ngeheim"
                 "\r\n$4\r\nport\r\n$4\r\n6379\r\n")};
    RecordingHost host;
    host.run(create_redis, calls);
    ASSERT_EQ(host.emitted.size(), 4);
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ((host.lines()[i] + host.fields(i) + host.details(i)).find("geheim"), std::string::npos);
    }
    EXPECT_NE(host.fields(3).find("\"6379\""), std::string::npos);
    ParserLimits limits;
    limits.show_secrets = true;
    RecordingHost open;
    open.run(create_redis, calls, limits);
    EXPECT_EQ(open.lines()[0], "AUTH geheim -> OK");
}

TEST(RedisParser, StreamsHugeStringsInBoundedMemory) {
    RecordingHost host;
    const auto parser = create_redis(host, {});
    parser->feed(Direction::sent, command({"GET", "big"}), {});
    parser->feed(Direction::received, "$536870912\r\n", {});
    const std::string block(1 << 20, 'x');
    for (int i = 0; i < 512; ++i) {
        parser->feed(Direction::received, block, {});
    }
    parser->feed(Direction::received, "\r\n", {});
    ASSERT_EQ(host.emitted.size(), 1);
    EXPECT_TRUE(host.emitted[0].integrity.complete);
    EXPECT_EQ(host.emitted[0].exchange->summary().response_bytes, 536870912 + 12 + 2);
    EXPECT_LE(host.fields(0).size(), 66000);
}

TEST(RedisParser, WritesFields) {
    RecordingHost host;
    host.run(create_redis, {sent(command({"mget", "a", "b"}) + command({"GET", "c"})),
                            received("*2\r\n$1\r\n1\r\n$-1\r\n-ASK 12 h:1\r\n")});
    EXPECT_EQ(
        host.fields(0),
        R"(kind="command" request{command="MGET" args[="a" ="b"] arg_count=2 keys[="a" ="b"] bytes=28} )"
        R"(response{type="array" value[="1" =null] elements=2 bytes=16})");
    EXPECT_EQ(host.fields(1),
              R"(kind="command" request{command="GET" args[="c"] arg_count=1 keys[="c"] bytes=20} )"
              R"(response{type="error" error{code="ASK" message="ASK 12 h:1"} )"
              R"(redirect{kind="ASK" slot=12 endpoint="h:1"} bytes=13})");
    EXPECT_EQ(host.details(0), "> MGET a b\n< 1) \"1\"\n< 2) (nil)\n");
}

TEST(RedisParser, RejectsWhatIsNotRedis) {
    RecordingHost host;
    EXPECT_FALSE(
        host.run(create_redis, {sent("GET / HTTP/1.1\r\n\r\n"), received("HTTP/1.1 200 OK\r\n\r\n")}));
    EXPECT_TRUE(host.emitted.empty());
}

TEST(RedisParser, TellsWhatIsUnfinished) {
    EXPECT_EQ(
        run({sent(command({"GET", "a"}) + command({"GET", "b"}) + "*2\r\n$3\r\nGE"), received("$5\r\nab")}),
        (Lines{"GET a -> \"ab\" !response unfinished", "GET b ->  !no response",
               "GE … (2 words) ->  !request unfinished"}));
}

/// The server refuses them one by one; each is a command.
TEST(RedisParser, ShowsInlineCommandsWithUnbalancedQuotes) {
    Conversation conversation{sent("PING\r\n"), received("+PONG\r\n")};
    std::string commands;
    Lines expected{"PING -> PONG"};
    for (int i = 0; i < 8; ++i) {
        commands += "SET key" + std::to_string(i) + " \"open quote\r\n";
        expected.push_back("SET key" + std::to_string(i) +
                           " \"\\\"open\" quote -> (error) ERR Protocol error");
    }
    conversation.push_back(sent(commands));
    for (int i = 0; i < 8; ++i) {
        conversation.push_back(received("-ERR Protocol error\r\n"));
    }
    EXPECT_EQ(run(conversation), expected);
    EXPECT_EQ(run(test::in_chunks(conversation, 1)), expected);
}

}  // namespace
}  // namespace sslsniff
