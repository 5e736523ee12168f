#include "body/body_decoder.h"

#include <gtest/gtest.h>

#include "support/deflate.h"

namespace sslsniff {
namespace {

using test::deflated;
using State = BodyDecoder::State;

std::string sample() {
    std::string text;
    for (int i = 0; i < 5000; ++i) {
        text += std::to_string(i * i) + ' ';
    }
    return text;
}

std::string feed(BodyDecoder& decoder, ByteView coded, std::size_t piece) {
    std::string out;
    for (std::size_t at = 0; at < coded.size(); at += piece) {
        decoder.feed(coded.substr(at, piece), [&](ByteView bytes) { out.append(bytes); });
    }
    return out;
}

TEST(BodyDecoder, DecodesChainsHoweverTheyAreCut) {
    const std::string coded = deflated(deflated(deflated(sample(), 31), -15), 15);
    for (const std::size_t piece : {1U, 2U, 3U, 1000U, 1'000'000U}) {
        BodyDecoder decoder("gzip, deflate, deflate");
        EXPECT_EQ(decoder.state(), State::decoded) << "nothing came yet";
        const std::string half = feed(decoder, ByteView(coded).substr(0, coded.size() / 2), piece);
        EXPECT_GT(half.size(), sample().size() / 4);
        EXPECT_EQ(decoder.state(), State::partial);
        EXPECT_EQ(half + feed(decoder, ByteView(coded).substr(coded.size() / 2), piece), sample()) << piece;
        EXPECT_EQ(decoder.state(), State::decoded) << piece;
    }
}

TEST(BodyDecoder, IgnoresPaddingBehindTheEnd) {
    for (const std::size_t piece : {1U, 7U, 1'000'000U}) {
        BodyDecoder decoder("deflate");
        EXPECT_EQ(feed(decoder, deflated("hello", 15) + std::string(20, '\0'), piece), "hello");
        EXPECT_EQ(decoder.state(), State::decoded) << piece;
    }
}

TEST(BodyDecoder, StopsAtTheRatioAndAtTheSize) {
    const std::string bomb = deflated(std::string(20'000'000, 'a'), 31);
    BodyDecoder by_ratio("gzip", {.max_output = 1'000'000'000, .max_ratio = 100, .grace = 7000});
    EXPECT_LE(feed(by_ratio, bomb, 500).size(), 7000 + bomb.size() * 100);
    EXPECT_EQ(by_ratio.state(), State::limited);
    BodyDecoder by_size("gzip", {.max_output = 12'345, .max_ratio = 1'000'000});
    EXPECT_EQ(feed(by_size, bomb, 500).size(), 12'345U);
    EXPECT_EQ(by_size.state(), State::limited);
    BodyDecoder generous("gzip", {.max_output = 1'000'000'000, .max_ratio = 100'000});
    EXPECT_EQ(feed(generous, bomb, 500).size(), 20'000'000U);
    EXPECT_EQ(generous.state(), State::decoded);
}

TEST(BodyDecoder, PassesOnWhatItDoesNotKnow) {
    BodyDecoder plain("identity");
    EXPECT_EQ(feed(plain, "abc", 2), "abc");
    EXPECT_EQ(plain.state(), State::plain);
    BodyDecoder unknown("secret, gzip");
    EXPECT_EQ(feed(unknown, deflated("abc", 31), 2), "abc");
    EXPECT_EQ(unknown.state(), State::unsupported);
}

}  // namespace
}  // namespace sslsniff
