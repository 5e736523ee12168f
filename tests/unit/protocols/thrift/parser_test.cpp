#include <gtest/gtest.h>

#include <algorithm>

#include "base/endian.h"
#include "protocols/thrift/thrift.h"
#include "support/recording_host.h"

namespace sslsniff {
namespace {

using test::received;
using test::RecordingHost;
using test::sent;
using Lines = std::vector<std::string>;

std::string u8(unsigned value) {
    return std::string(1, static_cast<char>(value));
}
std::string u16(unsigned value) {
    std::string out;
    append_be(out, static_cast<std::uint16_t>(value));
    return out;
}
std::string u32(std::uint32_t value) {
    std::string out;
    append_be(out, value);
    return out;
}
std::string text(const std::string& value) {
    return u32(static_cast<std::uint32_t>(value.size())) + value;
}
std::string frame(const std::string& payload) {
    return text(payload);
}
/// Binary protocol: `fields` without the byte that ends them.
std::string binary(unsigned type, const std::string& name, std::uint32_t id, const std::string& fields) {
    return frame(u32(0x80010000U | type) + text(name) + u32(id) + fields + u8(0));
}
std::string compact(unsigned type, const std::string& name, unsigned id, const std::string& fields) {
    return frame(u8(0x82) + u8(type << 5U | 1U) + u8(id) + u8(static_cast<unsigned>(name.size())) + name +
                 fields + u8(0));
}

test::ParserExample binary_calls() {
    const std::string user = u8(12) + u16(0) + u8(8) + u16(1) + u32(7) + u8(11) + u16(2) + text("bob") +
                             u8(15) + u16(3) + u8(11) + u32(2) + text("a") + text("b") + u8(13) + u16(4) +
                             u8(8) + u8(2) + u32(1) + u32(5) + u8(1) + u8(0);
    return {
        {sent(binary(1, "getUser", 1, u8(8) + u16(1) + u32(7)) + binary(1, "ping", 2, "")),
         received(binary(2, "ping", 2, "") + binary(2, "getUser", 1, user)),
         sent(binary(4, "log", 3, u8(11) + u16(1) + text("hello")) +
              binary(1, "Users:find", 4, u8(10) + u16(1) + u32(0) + u32(9))),
         received(binary(2, "find", 4, u8(12) + u16(1) + u8(11) + u16(1) + text("no such user") + u8(0))),
         sent(binary(1, "nosuch", 5, "")),
         received(binary(3, "nosuch", 5,
                         u8(11) + u16(1) + text("Invalid method name: 'nosuch'") + u8(8) + u16(2) + u32(1)))},
        {"ping -> OK", "getUser -> OK", "log -> (no response wanted)",
         "Users:find -> exception 1: no such user",
         "nosuch -> UNKNOWN_METHOD: Invalid method name: 'nosuch'"}};
}

test::ParserExample compact_calls() {
    // id 7 (zigzag), true, a list of two texts, a nested struct.
    const std::string user = u8(0x0C) + u8(0) + u8(0x15) + u8(14) + u8(0x11) + u8(0x19) + u8(0x28) + u8(1) +
                             "a" + u8(1) + "b" + u8(0x1C) + u8(0x15) + u8(1) + u8(0) + u8(0);
    return {{sent(compact(1, "getUser", 0, u8(0x15) + u8(14))), received(compact(2, "getUser", 0, user)),
             sent(compact(1, "put", 0, u8(0x1B) + u8(1) + u8(0x85) + u8(1) + "k" + u8(4))),
             received(compact(2, "put", 0, ""))},
            {"getUser -> OK", "put -> OK"}};
}

TEST(ThriftParser, ReadsBothProtocolsHoweverTheyAreCut) {
    test::expect_however_cut(create_thrift, binary_calls());
    test::expect_however_cut(create_thrift, compact_calls());
}

TEST(ThriftParser, SaysAllThatMessagesHave) {
    RecordingHost host;
    ASSERT_TRUE(host.run(create_thrift, binary_calls().conversation));
    EXPECT_EQ(host.fields(1),
              "request{method=\"getUser\" encoding=\"binary\" sequence_id=1 bytes=31 arguments{1=7}} "
              "response{method=\"getUser\" encoding=\"binary\" sequence_id=1 bytes=77 result{0{1=7 2=\"bob\" "
              "3[=\"a\" =\"b\"] 4[{key=5 value=true}]}}}");
    EXPECT_EQ(test::render_facts(*host.emitted[3].exchange), "Users:find - server_error exception 1 38/44");
    EXPECT_EQ(test::render_facts(*host.emitted[4].exchange), "nosuch - client_error UNKNOWN_METHOD 23/66");
    RecordingHost second;
    ASSERT_TRUE(second.run(create_thrift, compact_calls().conversation));
    EXPECT_NE(second.fields(0).find("result{0{1=7 2=true 3[=\"a\" =\"b\"] 4{1=-1}}}"), std::string::npos)
        << second.fields(0);
    EXPECT_NE(second.fields(1).find("arguments{1[{key=\"k\" value=2}]}"), std::string::npos)
        << second.fields(1);
}

TEST(ThriftParser, NeverInventsAnythingAfterAGap) {
    test::expect_no_inventions(create_thrift, binary_calls(), {1, 9, 60});
    test::expect_no_inventions(create_thrift, compact_calls(), {1, 9, 60});
}

TEST(ThriftParser, JoinsAfterEveryMessage) {
    test::expect_joins(create_thrift, binary_calls());
}

TEST(ThriftParser, BoundsWhatWaitsAndWhatIsNested) {
    ParserLimits limits;
    limits.max_pending = 8;
    RecordingHost host;
    const auto parser = create_thrift(host, limits);
    std::string deep;
    for (int i = 0; i < 500; ++i) {
        deep += u8(12) + u16(1);
    }
    std::size_t most = 0;
    for (unsigned n = 1; n < 3000; ++n) {
        parser->feed(Direction::sent, binary(1, "deep", n, deep), {});
        most = std::max(most, parser->held());
    }
    EXPECT_LT(most, 400'000U);
    EXPECT_GT(host.emitted.size(), 2900U);
    EXPECT_GT(parser->give_up(1'000'000), 0U);
    parser->finish({});
}

}  // namespace
}  // namespace sslsniff
