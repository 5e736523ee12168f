#include <gtest/gtest.h>

#include <algorithm>

#include "base/endian.h"
#include "protocols/dubbo/dubbo.h"
#include "support/recording_host.h"

namespace sslsniff {
namespace {

using test::Conversation;
using test::received;
using test::RecordingHost;
using test::sent;
using Lines = std::vector<std::string>;

std::string message(unsigned flags, unsigned status, std::uint64_t id, const std::string& body) {
    std::string out = "\xDA\xBB";
    out += static_cast<char>(flags);
    out += static_cast<char>(status);
    append_be(out, id);
    append_be(out, static_cast<std::uint32_t>(body.size()));
    return out + body;
}
std::string text(const std::string& value) {
    if (value.size() < 32) {
        return static_cast<char>(value.size()) + value;
    }
    std::string out = "S";
    append_be(out, static_cast<std::uint16_t>(value.size()));
    return out + value;
}
std::string number(std::uint32_t value) {
    std::string out = "I";
    append_be(out, value);
    return out;
}
/// A map: names and values by turns.
std::string map(const std::vector<std::string>& pairs) {
    std::string out = "H";
    for (const std::string& one : pairs) {
        out += one;
    }
    return out + "Z";
}
std::string attachments() {
    return map({text("path"), text("shop.Users"), text("token"), text("secret word"), text("timeout"),
                number(3000)});
}
std::string invoke(std::uint64_t id, const std::string& method, const std::string& types,
                   const std::string& arguments, unsigned flags = 0xC2) {
    return message(flags, 0, id,
                   text("2.0.2") + text("shop.Users") + text("1.0.0") + text(method) + text(types) +
                       arguments + attachments());
}
std::string result(std::uint64_t id, const std::string& body, unsigned status = 20) {
    return message(0x02, status, id, body);
}
/// An object of a class with two fields, which it defines.
std::string object(const std::string& name, const std::string& a, const std::string& first,
                   const std::string& b, const std::string& second) {
    return "C" + text(name) + "\x92" + text(a) + text(b) + "\x60" + first + second;
}

test::ParserExample example() {
    const std::string user = object("shop.User", "id", "\x97", "name", text("bob"));
    const std::string list = "\x7B" + text("one") + "T" + "\x5B";
    const std::string failure = object("shop.NoSuchUser", "detailMessage", text("no user 7"), "cause", "N");
    return {{sent(invoke(1, "find", "I", "\x97") +
                  invoke(2, "add", "Lshop/User;[Ljava/lang/String;D",
                         user + list + std::string("D\x40\x09\x21\xFB\x54\x44\x2D\x18", 9)) +
                  message(0xE2, 0, 3, "N")),
             received(result(2, "\x92") + result(1, "\x91" + user) + message(0x22, 20, 3, "N")),
             received(message(0xE2, 0, 1, "N")),
             sent(message(0x22, 20, 1, "N") + invoke(4, "log", "Ljava/lang/String;", text("x"), 0x82)),
             sent(invoke(5, "find", "I", "\x98") + invoke(6, "slow", "", "") +
                  invoke(7, "old", "J", std::string("L\0\0\1\0\0\0\0\0", 9))),
             received(result(5, "\x93" + failure + map({text("server"), text("a")})) +
                      result(6, text("waited too long"), 31) +
                      result(7, std::string("\x91") + "\5h\xC3\xA9llo"))},
            {"shop.Users.add -> null", "shop.Users.find -> shop.User", "heartbeat -> OK", "OK <- heartbeat",
             "shop.Users.log -> (no response wanted)", "shop.Users.find -> shop.NoSuchUser: no user 7",
             "shop.Users.slow -> SERVER_TIMEOUT waited too long", "shop.Users.old -> h\xC3\xA9llo"}};
}

TEST(DubboParser, ReadsInvocationsHoweverTheyAreCut) {
    test::expect_however_cut(create_dubbo, example());
}

TEST(DubboParser, SaysAllThatMessagesHave) {
    RecordingHost host;
    ASSERT_TRUE(host.run(create_dubbo, example().conversation));
    EXPECT_EQ(
        host.fields(0),
        "request{request_id=2 serialization=\"hessian2\" dubbo_version=\"2.0.2\" service=\"shop.Users\" "
        "service_version=\"1.0.0\" method=\"add\" parameter_types=\"Lshop/User;[Ljava/lang/String;D\" "
        "arguments[{class=\"shop.User\" id=7 name=\"bob\"} [=\"one\" =true =0] =3.141592653589793] "
        "attachments[{name=\"path\" value=\"shop.Users\"} {name=\"token\" value=\"***\"} "
        "{name=\"timeout\" value=3000}] secrets_hidden=true bytes=166} "
        "response{request_id=2 dubbo_status=\"OK\" value=null bytes=17}");
    EXPECT_NE(host.fields(1).find("value{class=\"shop.User\" id=7 name=\"bob\"}"), std::string::npos)
        << host.fields(1);
    EXPECT_EQ(test::render_facts(*host.emitted[5].exchange),
              "shop.Users/find - server_error shop.NoSuchUser 80/62");
    EXPECT_EQ(test::render_facts(*host.emitted[6].exchange),
              "shop.Users/slow - server_error SERVER_TIMEOUT 78/16");
}

TEST(DubboParser, HidesSecretsUnlessToldOtherwise) {
    for (const bool show : {false, true}) {
        ParserLimits limits;
        limits.show_secrets = show;
        RecordingHost host;
        ASSERT_TRUE(host.run(create_dubbo, example().conversation, limits));
        const std::string all = host.everything();
        EXPECT_EQ(all.find("secret word") != std::string::npos, show);
    }
}

TEST(DubboParser, NeverInventsAnythingAfterAGap) {
    test::expect_no_inventions(create_dubbo, example(), {1, 9, 60});
}

TEST(DubboParser, JoinsAfterEveryMessage) {
    test::expect_joins(create_dubbo, example());
}

TEST(DubboParser, BoundsWhatWaitsAndWhatIsNested) {
    ParserLimits limits;
    limits.max_pending = 8;
    RecordingHost host;
    const auto parser = create_dubbo(host, limits);
    std::size_t most = 0;
    for (unsigned n = 1; n < 3000; ++n) {
        parser->feed(Direction::sent, invoke(n, "deep", "Lx;", std::string(2000, '\x79')), {});
        most = std::max(most, parser->held());
    }
    EXPECT_LT(most, 400'000U);
    EXPECT_GT(host.emitted.size(), 2900U);
    EXPECT_NE(host.lines()[0].find("malformed"), std::string::npos) << host.lines()[0];
    EXPECT_GT(parser->give_up(1'000'000), 0U);
    parser->finish({});
}

}  // namespace
}  // namespace sslsniff
