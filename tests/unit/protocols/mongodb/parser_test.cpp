#include <gtest/gtest.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <random>

#include "protocols/mongodb/mongodb.h"
#include "support/recording_host.h"
#include "unit/protocols/mongodb/bson_builder.h"

namespace sslsniff {
namespace {

using test::Bson;
using test::Conversation;
using test::mongodb_message;
using test::op_msg;
using test::received;
using test::RecordingHost;
using test::sent;
using test::sequence;
using Lines = std::vector<std::string>;

constexpr std::uint32_t kMoreToCome = 2;
constexpr std::uint32_t kExhaustAllowed = 0x10000;

Bson ok() {
    return Bson().real("ok", 1);
}

std::string find(std::int32_t id, std::string_view name) {
    return op_msg(
        id, 0,
        Bson().text("find", "users").document("filter", Bson().text("name", name)).text("$db", "shop"));
}

std::string found(std::int32_t id, std::int32_t answers, std::string_view name) {
    const Bson batch = Bson().document("0", Bson().text("name", name));
    return op_msg(
        id, answers,
        Bson()
            .document("cursor", Bson().array("firstBatch", batch).int64("id", 0).text("ns", "shop.users"))
            .real("ok", 1));
}

std::string compressed(const std::string& message, int compressor) {
    const std::string body = message.substr(16);
    std::string out(body.size() * 2 + 1000, '\0');
    std::size_t size = out.size();
    if (compressor == 1) {
        snappy_compress(body.data(), body.size(), out.data(), &size);
    } else if (compressor == 2) {
        uLongf length = out.size();
        compress(reinterpret_cast<Bytef*>(out.data()), &length, reinterpret_cast<const Bytef*>(body.data()),
                 body.size());
        size = length;
    } else if (compressor == 3) {
        size = ZSTD_compress(out.data(), out.size(), body.data(), body.size(), 3);
    } else {
        out = body;
        size = body.size();
    }
    out.resize(size);
    const auto id = static_cast<std::int32_t>(load_le<std::uint32_t>(message, 4));
    const auto answers = static_cast<std::int32_t>(load_le<std::uint32_t>(message, 8));
    return mongodb_message(id, answers, 2012,
                           Bson::le32(2013) + Bson::le32(static_cast<std::int32_t>(body.size())) +
                               static_cast<char>(compressor) + out);
}

test::ParserExample example() {
    const Bson user = Bson().text("createUser", "bob").text("pwd", "geheim").text("$db", "admin");
    const Bson sasl = Bson()
                          .int32("saslStart", 1)
                          .text("mechanism", "PLAIN")
                          .binary("payload", "geheim")
                          .text("$db", "admin");
    const std::string documents = Bson().int32("_id", 1).bytes() + Bson().int32("_id", 1).bytes();
    const Bson error = Bson().int32("index", 1).int32("code", 11000).text("errmsg", "E11000 duplicate key");
    return {
        {sent(mongodb_message(1, 0, 2004,
                              Bson::le32(0) + std::string("admin.$cmd\0", 11) + Bson::le32(0) +
                                  Bson::le32(-1) + Bson().int32("ismaster", 1).bytes())),
         received(mongodb_message(
             100, 1, 1, Bson::le32(8) + std::string(8, '\0') + Bson::le32(0) + Bson::le32(1) + ok().bytes())),
         sent(find(2, "bob")), received(found(101, 2, "bob")),
         sent(op_msg(3, 0, Bson().text("insert", "users").text("$db", "shop"), 0,
                     sequence("documents", documents))),
         received(op_msg(
             102, 3, Bson().int32("n", 1).array("writeErrors", Bson().document("0", error)).real("ok", 1))),
         sent(op_msg(4, 0, Bson().int32("nosuch", 1).text("$db", "shop"))),
         received(op_msg(103, 4,
                         Bson()
                             .real("ok", 0)
                             .text("errmsg", "no such command")
                             .int32("code", 59)
                             .text("codeName", "CommandNotFound"))),
         sent(op_msg(5, 0, Bson().text("insert", "logs").text("$db", "shop"), kMoreToCome,
                     sequence("documents", Bson().bytes()))),
         sent(op_msg(6, 0, user) + op_msg(7, 0, sasl)),
         received(
             op_msg(104, 6, ok()) +
             op_msg(105, 7, Bson().int32("conversationId", 1).binary("payload", "geheim").real("ok", 1))),
         sent(compressed(find(8, "zlib"), 2) + compressed(find(9, "snappy"), 1) +
              compressed(find(10, "zstd"), 3) + compressed(find(11, "noop"), 0)),
         received(compressed(found(106, 8, "a"), 2) + compressed(found(107, 9, "a"), 1) +
                  compressed(found(108, 10, "a"), 3) + compressed(found(109, 11, "a"), 0)),
         sent(op_msg(12, 0, Bson().int64("getMore", 77).text("collection", "users").text("$db", "shop"),
                     kExhaustAllowed)),
         received(
             op_msg(110, 12,
                    Bson()
                        .document("cursor",
                                  Bson()
                                      .array("nextBatch", Bson().document("0", Bson()).document("1", Bson()))
                                      .int64("id", 77))
                        .real("ok", 1),
                    kMoreToCome)),
         received(op_msg(
             111, 110,
             Bson()
                 .document("cursor", Bson().array("nextBatch", Bson().document("0", Bson())).int64("id", 0))
                 .real("ok", 1))),
         sent(op_msg(13, 0,
                     Bson()
                         .text("aggregate", "users")
                         .array("pipeline", Bson()
                                                .document("0", Bson().document("$match", Bson()))
                                                .document("1", Bson().document("$group", Bson())))
                         .text("$db", "shop"))),
         received(op_msg(112, 13, Bson().real("ok", 1)))},
        {"ismaster admin -> ok", "find shop.users {name: \"bob\"} -> 1 document",
         "insert shop.users 2 documents -> DuplicateKey, n 1", "nosuch shop -> CommandNotFound",
         "insert shop.logs 1 document -> (no response wanted)", "createUser admin -> ok",
         "saslStart admin -> ok", "find shop.users {name: \"zlib\"} -> 1 document",
         "find shop.users {name: \"snappy\"} -> 1 document", "find shop.users {name: \"zstd\"} -> 1 document",
         "find shop.users {name: \"noop\"} -> 1 document",
         "getMore shop.users cursor 77 -> 2 documents, more to get", " <- 1 document",
         "aggregate shop.users [$match, $group] -> ok"}};
}

TEST(MongodbParser, UnderstandsHoweverItIsCut) {
    test::expect_however_cut(create_mongodb, example());
}

TEST(MongodbParser, WritesExtendedJson) {
    RecordingHost host;
    ASSERT_TRUE(host.run(create_mongodb, example().conversation));
    EXPECT_EQ(
        host.fields(2),
        R"(request{command="insert" database="shop" collection="users" request_id=3 opcode="OP_MSG" bytes=101 )"
        R"(document{insert="users" $db="shop"} sequence{id="documents" count=2 documents[{_id=1} {_id=1}]}} )"
        R"(response{request_id=102 response_to=3 opcode="OP_MSG" bytes=125 )"
        R"(error{code="DuplicateKey" number=11000 message="E11000 duplicate key" write_errors=1} n=1 )"
        R"(document{n=1 writeErrors[{index=1 code=11000 errmsg="E11000 duplicate key"}] ok=1}})");
    Bson all;
    all.raw(7, "id", "\1\2\3\4\5\6\7\x8\x9\xa\xb\xc").raw(9, "date", std::string("\1\0\0\0\0\0\0\0", 8));
    all.raw(8, "yes", "\1")
        .raw(10, "null", "")
        .raw(11, "regex", std::string("^a\0i\0", 5))
        .binary("bin", "ab");
    all.raw(0x11, "ts", std::string("\2\0\0\0\1\0\0\0", 8))
        .raw(0xFF, "min", "")
        .raw(0x7F, "max", "")
        .raw(6, "u", "");
    all.raw(13, "code", Bson::string("f")).raw(0x13, "dec", std::string(16, '\0')).real("inf", 1e308 * 10);
    RecordingHost types;
    types.run(create_mongodb,
              {sent(op_msg(1, 0, Bson().text("x", "y").document("d", all))), received(op_msg(2, 1, ok()))});
    EXPECT_NE(
        types.fields(0).find(
            R"(d{id{$oid="0102030405060708090a0b0c"} date{$date{$numberLong="1"}} yes=true null=null )"
            R"(regex{$regularExpression{pattern="^a" options="i"}} bin{$binary{base64="YWI=" subType="00"}} )"
            R"(ts{$timestamp{t=1 i=2}} min{$minKey=1} max{$maxKey=1} u{$undefined=true} code{$code="f"} )"),
        std::string::npos)
        << types.fields(0);
}

TEST(MongodbParser, HidesSecretsUnlessAsked) {
    RecordingHost host;
    host.run(create_mongodb, example().conversation);
    const std::string all = host.everything();
    EXPECT_EQ(all.find("geheim"), std::string::npos);
    EXPECT_EQ(all.find("Z2VoZWlt"), std::string::npos) << "in base64";
    ParserLimits limits;
    limits.show_secrets = true;
    RecordingHost open;
    open.run(create_mongodb, example().conversation, limits);
    EXPECT_NE(open.fields(5).find("geheim"), std::string::npos);
}

/// Whatever is lost: a pair shown as complete is a true pair.
TEST(MongodbParser, NeverPairsWrongSilentlyAfterAGap) {
    Conversation calls;
    Lines truth;
    for (int round = 0; round < 8; ++round) {
        const std::string name = "n" + std::to_string(round);
        calls.push_back(sent(find(round + 1, name)));
        calls.push_back(received(found(100 + round, round + 1, name)));
        truth.push_back("find shop.users {name: \"" + name + "\"} -> 1 document");
    }
    test::expect_no_inventions(create_mongodb, {calls, truth}, {1, 9, 100});
}

TEST(MongodbParser, JoinsAfterEveryMessage) {
    const test::ParserExample whole = example();
    Conversation all = whole.conversation;
    while (all.size() > 2) {
        all.erase(all.begin());
        RecordingHost host;
        host.info.midstream = true;
        host.run(create_mongodb, all);
        ASSERT_FALSE(host.lines().empty());
        EXPECT_EQ(host.lines().back(), whole.lines.back());
        for (const std::string& line : host.lines()) {
            if (line.find(" !") == std::string::npos) {
                EXPECT_NE(std::ranges::find(whole.lines, line), whole.lines.end()) << line;
            }
        }
    }
}

TEST(MongodbParser, BoundsHostileDocuments) {
    Bson deep;
    for (int i = 0; i < 2000; ++i) {
        deep = Bson().document("d", deep);
    }
    Bson wide;
    for (int i = 0; i < 50'000; ++i) {
        wide.int32("", i);
    }
    RecordingHost host;
    host.run(create_mongodb,
             {sent(op_msg(1, 0, Bson().text("x", "y").document("d", deep))), received(op_msg(2, 1, wide)),
              sent(op_msg(3, 0, Bson().text("x", std::string(1 << 20, 'a')))), received(op_msg(4, 3, ok()))});
    ASSERT_EQ(host.emitted.size(), 2);
    EXPECT_LT(host.fields(0).size(), 100'000U);
    EXPECT_LT(host.fields(1).size(), 100'000U);
    EXPECT_TRUE(host.emitted[1].integrity.complete);
}

TEST(MongodbParser, SurvivesNoise) {
    std::mt19937 random(3);
    const std::string good = example().conversation[4].bytes;
    for (int trial = 0; trial < 20'000; ++trial) {
        std::string bad = good;
        for (int i = 0; i < 5; ++i) {
            bad[16 + random() % (bad.size() - 16)] = static_cast<char>(random());
        }
        RecordingHost host;
        host.run(create_mongodb, {sent(find(1, "a")), received(found(2, 1, "a")), sent(bad)});
        ASSERT_GE(host.emitted.size(), 1);
        if (host.emitted.size() > 1) {
            host.fields(1);
        }
    }
}

}  // namespace
}  // namespace sslsniff
