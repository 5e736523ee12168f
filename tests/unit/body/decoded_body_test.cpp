#include "body/decoded_body.h"

#include <brotli/encode.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include <stdexcept>

#include "body/content_decoder.h"
#include "support/deflate.h"

namespace sslsniff {
namespace {

std::string encode(const std::string& plain, std::string_view coding) {
    if (coding == "gzip") {
        return test::deflated(plain, 31);
    }
    if (coding == "deflate") {
        return test::deflated(plain, 15);
    }
    if (coding == "raw deflate") {
        return test::deflated(plain, -15);
    }
    std::string out(2 * plain.size() + 1024, '\0');
    if (coding == "br") {
        std::size_t size = out.size();
        BrotliEncoderCompress(5, 22, BROTLI_MODE_GENERIC, plain.size(),
                              reinterpret_cast<const std::uint8_t*>(plain.data()), &size,
                              reinterpret_cast<std::uint8_t*>(out.data()));
        out.resize(size);
    } else {
        out.resize(ZSTD_compress(out.data(), out.size(), plain.data(), plain.size(), 3));
    }
    return out;
}

Body body_of(std::string coded, std::string encoding) {
    Body body;
    body.size = coded.size();
    body.captured = std::move(coded);
    body.content_encoding = std::move(encoding);
    return body;
}

std::string sample(int numbers = 3000) {
    std::string text;
    for (int i = 0; i < numbers; ++i) {
        text += std::to_string(i * i) + (i % 7 == 0 ? "\n" : ", ");
    }
    return text;
}

class EveryCoding : public testing::TestWithParam<std::string_view> {
  public:
    static std::string field() { return GetParam() == "raw deflate" ? "deflate" : std::string(GetParam()); }
};

TEST_P(EveryCoding, Decodes) {
    const DecodedBody decoded = decode_body(body_of(encode(sample(), GetParam()), field()));
    EXPECT_EQ(decoded.bytes, sample());
    EXPECT_EQ(decoded.state, DecodedBody::State::decoded);
}

TEST_P(EveryCoding, DecodesPieceByPiece) {
    const std::string coded = encode(sample(), GetParam());
    for (const std::size_t size : {1U, 2U, 3U, 100U}) {
        const auto decoder = make_content_decoder(field());
        std::string out;
        for (std::size_t at = 0; at < coded.size(); at += size) {
            decoder->decode(ByteView(coded).substr(at, size), out, 1'000'000);
        }
        EXPECT_EQ(out, sample()) << size;
    }
}

TEST_P(EveryCoding, ShowsWhatDecodedOfAPartialBody) {
    const std::string coded = encode(sample(), GetParam());
    for (std::size_t size = 0; size < coded.size(); size += 50) {
        const DecodedBody decoded = decode_body(body_of(coded.substr(0, size), field()));
        EXPECT_TRUE(sample().starts_with(decoded.bytes)) << size;
        EXPECT_EQ(decoded.state, size == 0 ? DecodedBody::State::decoded : DecodedBody::State::partial)
            << size;
    }
    const std::string large = encode(sample(40'000), GetParam());
    EXPECT_GT(decode_body(body_of(large.substr(0, large.size() - 10), field())).bytes.size(), 100'000U);
}

TEST_P(EveryCoding, SurvivesDamage) {
    const std::string coded = encode(sample(), GetParam());
    for (std::size_t at = 0; at < coded.size(); at += 7) {
        std::string damaged = coded;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
        const DecodedBody decoded = decode_body(body_of(damaged, field()));
        EXPECT_LE(decoded.bytes.size(), DecodeLimits{}.max_output);
    }
}

TEST_P(EveryCoding, BoundsBombs) {
    const std::string coded = encode(std::string(50'000'000, 'a'), GetParam());
    const DecodedBody decoded = decode_body(body_of(coded, field()));
    EXPECT_EQ(decoded.state, DecodedBody::State::limited);
    EXPECT_LE(decoded.bytes.size(), std::min<std::size_t>(1024 * 1024, (coded.size() + 64) * 256));
    EXPECT_EQ(decoded.bytes.find_first_not_of('a'), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Codings, EveryCoding,
                         testing::Values("gzip", "deflate", "raw deflate", "br", "zstd"));

TEST(DecodedBody, UndoesChainsInReverse) {
    const std::string coded = encode(encode(encode(sample(), "br"), "gzip"), "zstd");
    const DecodedBody decoded = decode_body(body_of(coded, "br, identity,GZIP , zstd"));
    EXPECT_EQ(decoded.bytes, sample());
    EXPECT_EQ(decoded.state, DecodedBody::State::decoded);
}

TEST(DecodedBody, DecodesSeveralGzipMembers) {
    const std::string coded = encode("one, ", "gzip") + encode("two", "gzip") + std::string(5, '\0');
    EXPECT_EQ(decode_body(body_of(coded, "x-gzip")).bytes, "one, two");
}

TEST(DecodedBody, LeavesWhatItDoesNotKnow) {
    EXPECT_EQ(decode_body(body_of("abc", "")).state, DecodedBody::State::plain);
    EXPECT_EQ(decode_body(body_of("abc", "identity")).state, DecodedBody::State::plain);
    const DecodedBody unknown = decode_body(body_of("abc", "gzip, secret"));
    EXPECT_EQ(unknown.state, DecodedBody::State::unsupported);
    EXPECT_EQ(unknown.bytes, "abc");
    EXPECT_EQ(decode_body(body_of("abc", "gzip,gzip,gzip,gzip,gzip")).state, DecodedBody::State::unsupported);
}

TEST(DecodedBody, SaysWhatIsMissing) {
    EXPECT_EQ(describe_decoding({"", DecodedBody::State::damaged}, "br"), "damaged br");
    EXPECT_EQ(describe_decoding({"", DecodedBody::State::decoded}, "br"), "");
}

}  // namespace
}  // namespace sslsniff
