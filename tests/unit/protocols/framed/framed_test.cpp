#include <gtest/gtest.h>

#include <algorithm>

#include "protocols/framed/framed_detector.h"
#include "support/recording_host.h"
#include "unit/protocols/framed/toy.h"

namespace sslsniff::framed {
namespace {

using test::Conversation;
using test::received;
using test::RecordingHost;
using test::sent;
using Lines = std::vector<std::string>;

Conversation talk() {
    return {sent(toy('Q', "one")), received(toy('A', "eins") + toy('A', "more")),
            sent(toy('Q', "") + toy('Q', "a longer question")), received(toy('A', "zwei")),
            sent(toy('X', ""))};
}

Lines whole_lines() {
    return {"Q03one -> ",  " -> A04eins", " -> A04more", "Q00 -> ", "Q17a longer question -> ",
            " -> A04zwei", "X00 -> "};
}

TEST(FramedParser, CutsMessagesHoweverTheyCome) {
    test::expect_however_cut(create_toy, {talk(), whole_lines()});
}

TEST(FramedParser, LosesNoMoreThanTheGap) {
    const Lines whole = whole_lines();
    for (const bool known : {true, false}) {
        for (const std::size_t size : {1U, 2U, 4U, 9U}) {
            for (std::size_t at = 0; at < size_of(talk()); ++at) {
                RecordingHost host;
                if (!host.run(create_toy, test::with_gap(talk(), at, size), {}, known)) {
                    continue;
                }
                std::size_t told = 0;
                for (const std::string& line : host.lines()) {
                    if (line.find(" !") != std::string::npos) {
                        ++told;
                    } else if (line != "joined -> ") {
                        ASSERT_NE(std::ranges::find(whole, line), whole.end()) << line << " at " << at;
                    }
                }
                ASSERT_GE(told, 1U) << "at " << at << ", " << size;
            }
        }
    }
}

TEST(FramedParser, KnowsWhereALongMessageEndsInSpiteOfAGap) {
    RecordingHost host;
    const auto parser = create_toy(host, {});
    parser->feed(Direction::sent, "Q99abc", {});
    parser->gap(Direction::sent, 90, {});
    parser->feed(Direction::sent, "wxyz56" + toy('Q', "next"), {});
    parser->finish({});
    EXPECT_EQ(host.lines(), (Lines{"Q99abc ->  !gap in message", "Q04next -> "}));
    EXPECT_EQ(host.emitted[0].integrity.missing_bytes, 90U);
}

TEST(FramedParser, KeepsTheFirstBytesOfALongMessage) {
    ParserLimits limits;
    limits.max_body = 5;
    RecordingHost host;
    EXPECT_TRUE(
        host.run(create_toy, test::in_chunks({sent(toy('Q', "0123456789") + toy('Q', "a"))}, 4), limits));
    EXPECT_EQ(host.lines(), (Lines{"Q1001 -> ", "Q01a -> "}));
}

TEST(FramedParser, JoinsAnywhere) {
    const Conversation whole = talk();
    for (std::size_t piece = 0; piece < whole.size(); ++piece) {
        for (std::size_t at = 0; at < whole[piece].bytes.size(); ++at) {
            Conversation rest(whole.begin() + static_cast<std::ptrdiff_t>(piece), whole.end());
            rest.front().bytes.erase(0, at);
            for (const bool role_known : {true, false}) {
                RecordingHost host;
                host.info.midstream = true;
                host.info.role = role_known ? Role::client : Role::unknown;
                ASSERT_TRUE(host.run(create_toy, rest));
                const Lines lines = whole_lines();
                for (const std::string& line : host.lines()) {
                    ASSERT_TRUE(line == "joined -> " || line.find(" !") != std::string::npos ||
                                std::ranges::find(lines, line) != lines.end())
                        << line << " from " << piece << "+" << at;
                }
                if (piece < 3 && role_known) {
                    ASSERT_GE(host.emitted.size(), 3U) << "from " << piece << "+" << at;
                }
            }
        }
    }
}

TEST(FramedParser, RejectsWhatIsNone) {
    for (const std::string_view other : {"GET / HTTP/1.1\r\n", "Qxx", "A01aQ01a"}) {
        RecordingHost host;
        EXPECT_FALSE(host.run(create_toy, {sent(std::string(other))})) << other;
        EXPECT_TRUE(host.emitted.empty());
    }
}

TEST(FramedParser, FindsItsWayAfterNonsense) {
    RecordingHost host;
    const auto parser = create_toy(host, {});
    EXPECT_EQ(parser->feed(Direction::sent, toy('Q', "one"), {}), ProtocolParser::Status::ok);
    EXPECT_EQ(parser->feed(Direction::sent, "nonsense", {}), ProtocolParser::Status::strange);
    EXPECT_EQ(parser->feed(Direction::sent, toy('Q', "two"), {}), ProtocolParser::Status::ok);
    parser->finish({});
    EXPECT_EQ(host.lines(), (Lines{"Q03one -> ", "? ->  !bytes that make no sense", "Q03two -> "}));
}

TEST(FramedParser, TakesAGapInFrontForAJoin) {
    RecordingHost host;
    const auto parser = create_toy(host, {});
    parser->gap(Direction::sent, 10, {});
    parser->gap(Direction::received, 0, {});
    parser->feed(Direction::sent, "tail", {});
    parser->feed(Direction::received, toy('A', "a") + toy('A', "b"), {});
    parser->feed(Direction::sent, toy('Q', "c") + toy('Q', "d"), {});
    parser->finish({});
    const Lines lines = host.lines();
    EXPECT_EQ(lines.front(), "joined -> ");
    EXPECT_EQ(std::ranges::count(lines, " -> A01b"), 1);
    EXPECT_EQ(std::ranges::count(lines, "Q01d -> "), 1);
}

/// What both sides may say tells nothing about who is the client: ports do.
TEST(FramedParser, BreaksTiesByPorts) {
    for (const bool client : {true, false}) {
        RecordingHost host;
        host.info.midstream = true;
        host.info.endpoints.local = *parse_endpoint(client ? "10.0.0.1:40000" : "10.0.0.1:7");
        host.info.endpoints.remote = *parse_endpoint(client ? "10.0.0.2:7" : "10.0.0.2:40000");
        EXPECT_TRUE(host.run(create_toy, {received(toy('X', "") + toy('X', "") + toy('X', ""))}));
        EXPECT_EQ(host.info.role, client ? Role::client : Role::server);
    }
}

/// Nothing tells at first: what comes later does.
TEST(FramedParser, ChangesTheRolesWhenItGuessedWrongly) {
    RecordingHost host;
    host.info.midstream = true;
    const std::string either = toy('X', "");
    EXPECT_TRUE(host.run(create_toy,
                         {sent(either + either + either), sent(either), sent(either),
                          received(either + toy('Q', "a")), received(toy('Q', "b")), sent(toy('A', "c"))}));
    EXPECT_EQ(host.info.role, Role::server);
    const Lines lines = host.lines();
    EXPECT_EQ(std::ranges::count(lines, "Q01b -> "), 1);
    EXPECT_EQ(std::ranges::count(lines, " -> A01c"), 1);
}

TEST(FramedParser, BoundsWhatItKeepsBeforeItKnowsTheClient) {
    RecordingHost host;
    host.info.midstream = true;
    const auto parser = create_toy(host, {});
    for (int i = 0; i < 100'000; ++i) {
        parser->feed(Direction::sent, "#", {});
        parser->gap(Direction::received, 1, {});
    }
    EXPECT_LT(parser->held(), 1'000'000U);
}

Verdict judge(Evidence::Start start, const std::string& said, const std::string& heard) {
    ConnectionInfo info;
    info.endpoints.transport = Transport::tcp;
    FramedDetector detector(toy_framing(), kToyProof);
    return detector.look({info, start, {Evidence::Side{said}, Evidence::Side{heard}}});
}

TEST(FramedDetector, AsksForMoreWhereItKnowsLess) {
    using enum Evidence::Start;
    EXPECT_EQ(judge(beginning, "Q01a", ""), Verdict::yes);
    EXPECT_EQ(judge(beginning, "Q0", ""), Verdict::need_more);
    EXPECT_EQ(judge(beginning, "", "A01a"), Verdict::no);  // the server does not speak first
    EXPECT_EQ(judge(beginning, "", "Q01a"), Verdict::yes);
    EXPECT_EQ(judge(beginning, "Q01a", "no"), Verdict::no);
    EXPECT_EQ(judge(anywhere, "Q01a", ""), Verdict::need_more);
    EXPECT_EQ(judge(anywhere, "Q01aQ01b", ""), Verdict::need_more);
    EXPECT_EQ(judge(anywhere, "Q01aQ01bQ01c", ""), Verdict::yes);
    EXPECT_EQ(judge(anywhere, "Q01a", "A01b"), Verdict::yes);
    EXPECT_EQ(judge(anywhere, "no", "A01bA01bA01b"), Verdict::yes);
    EXPECT_EQ(judge(anywhere, "no", "no"), Verdict::no);
}

/// As the toy, but answers say little, and questions all with their header.
class TerseFraming final : public Framing {
  public:
    Look look(Side side, ByteView bytes) const override {
        Look look = toy_framing().look(side, bytes);
        look.is_telling = look.is_telling && side == Side::client;
        look.by_header = true;
        return look;
    }
    std::size_t max_header() const override { return toy_framing().max_header(); }
};

TEST(RoleFinder, TakesAnswersThatSayLittleWhereTheyMay) {
    const TerseFraming framing;
    for (const bool with_any : {false, true}) {
        RoleFinder roles(framing, {.with_any = with_any});
        roles.look(Direction::received, toy('Q', "one"), 0, false);
        EXPECT_EQ(roles.verdict(false), Verdict::need_more);
        roles.look(Direction::sent, toy('A', "eins").substr(0, 5), 0, false);
        EXPECT_EQ(roles.verdict(false), Verdict::need_more);  // it does not end yet
        roles.look(Direction::sent, toy('A', "eins"), 0, false);
        EXPECT_EQ(roles.verdict(false), with_any ? Verdict::yes : Verdict::need_more);
        EXPECT_EQ(roles.client(false), with_any ? std::optional(Direction::received) : roles.client(false));
    }
}

TEST(RoleFinder, CountsAMessageWhoseHeaderTells) {
    const TerseFraming framing;
    RoleFinder roles(framing, {});
    roles.look(Direction::sent, "Q99abc", 0, true);
    EXPECT_EQ(roles.verdict(true), Verdict::yes);
    RoleFinder others(toy_framing(), {});
    others.look(Direction::sent, "Q99abc", 0, true);
    EXPECT_EQ(others.verdict(true), Verdict::need_more);
}

TEST(FramedParser, AGapBeforeTheFirstMessageEndsIsNoReasonToRefuse) {
    RecordingHost host;
    host.info.role = Role::client;
    const auto parser = create_toy(host, {});
    parser->feed(Direction::sent, "Q50abc", {});
    parser->gap(Direction::sent, 100, {});
    EXPECT_NE(parser->feed(Direction::received, "nonsense", {}), ProtocolParser::Status::rejected);
    EXPECT_EQ(host.lines().at(0), "Q50abc ->  !gap in stream");
}

TEST(FramedDetector, LeavesDatagramsAlone) {
    ConnectionInfo info;
    info.endpoints.transport = Transport::udp;
    FramedDetector detector(toy_framing(), kToyProof);
    EXPECT_EQ(detector.look({info, Evidence::Start::beginning, {Evidence::Side{"Q01a"}, Evidence::Side{}}}),
              Verdict::no);
    EXPECT_FALSE(may_begin(toy_framing(), "Q01a", info));
}

}  // namespace
}  // namespace sslsniff::framed
