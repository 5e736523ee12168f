#include "protocols/hpack/huffman.h"

#include <gtest/gtest.h>

#include "unit/protocols/hpack/hpack_support.h"

namespace sslsniff::hpack {
namespace {

TEST(Huffman, DecodesTheExamplesOfTheRfc) {
    for (const auto& [hex, plain] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
             {"f1e3c2e5f23a6ba0ab90f4ff", "www.example.com"},
             {"a8eb10649cbf", "no-cache"},
             {"25a849e95ba97d7f", "custom-key"},
             {"d07abe941054d444a8200595040b8166e082a62d1bff", "Mon, 21 Oct 2013 20:13:21 GMT"},
             {"", ""}}) {
        Bytes out;
        EXPECT_TRUE(huffman_decode(unhex(hex), out));
        EXPECT_EQ(out, plain);
    }
}

TEST(Huffman, DecodesEveryByteAsNghttp2EncodesIt) {
    std::mt19937 random(1);
    for (unsigned byte = 0; byte < 256; ++byte) {
        // Zeros are short, so that the encoder prefers the Huffman form; their number varies the padding.
        std::string plain(200 + random() % 8, '0');
        plain.insert(random() % plain.size(), 3, static_cast<char>(byte));
        const std::string coded = nghttp2_huffman(plain);
        Bytes out;
        EXPECT_TRUE(huffman_decode(coded, out)) << byte;
        EXPECT_EQ(out, plain) << byte;
    }
}

TEST(Huffman, RefusesWrongEnds) {
    for (const std::string_view hex : {"ff", "ffffffff", "fffffffc", "00", "1f8f", "1c64ff"}) {
        Bytes out;
        const bool ok = huffman_decode(unhex(hex), out);
        EXPECT_EQ(ok, nghttp2_accepts_huffman(unhex(hex))) << hex;
    }
}

}  // namespace
}  // namespace sslsniff::hpack
