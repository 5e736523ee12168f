#include "base/text.h"

#include <gtest/gtest.h>

namespace sslsniff {
namespace {

TEST(Text, PrintableNeverPassesControlCharacters) {
    EXPECT_EQ(printable("a\x1b[31mb\r\n"), "a\\x1b[31mb\\x0d\\x0a");
    EXPECT_EQ(printable("a\nb\tc\r", true), "a\nb\tc\\x0d");
    EXPECT_EQ(printable("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
    EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");           // C1 control sequence introducer
    EXPECT_EQ(printable("\xe2\x80\xae"), "\\xe2\\x80\\xae");  // right-to-left override
    EXPECT_EQ(printable("\xff\xc3"), "\\xff\\xc3");
    // What was typed and what drives a terminal do not look alike; other backslashes stay readable.
    EXPECT_EQ(printable("\\x1b"), "\\x5cx1b");
    EXPECT_EQ(printable("{\"a\": \"\\n\\\\\"} C:\\"), "{\"a\": \"\\n\\\\\"} C:\\");
    EXPECT_EQ(printable("\\\\x"), "\\\\x5cx");
    EXPECT_EQ(printable_notation("\\x1b\x1b"), "\\x1b\\x1b");
}

TEST(Text, Utf8) {
    EXPECT_TRUE(is_utf8("\xf0\x9f\x98\x80"));
    EXPECT_FALSE(is_utf8("\xc0\x80"));      // overlong
    EXPECT_FALSE(is_utf8("\xed\xa0\x80"));  // surrogate
    EXPECT_FALSE(is_utf8("\xf4\x90\x80\x80"));
    EXPECT_EQ(utf8_prefix("ab\xc3"), 2U);
}

TEST(Text, CutCodePoint) {
    EXPECT_EQ(without_cut_code_point(""), 0U);
    EXPECT_EQ(without_cut_code_point("abc"), 3U);
    const std::string_view emoji = "ab\xf0\x9f\x98\x80";
    EXPECT_EQ(without_cut_code_point(emoji), 6U);
    for (std::size_t size = 3; size < 6; ++size) {
        EXPECT_EQ(without_cut_code_point(emoji.substr(0, size)), 2U);
    }
    EXPECT_EQ(without_cut_code_point("\x80\x80\x80\x80"), 4U) << "ill-formed is not the same as cut";
    EXPECT_EQ(without_cut_code_point("\xff"), 1U);
}

TEST(Text, DecodeUtf8) {
    const auto value = [](ByteView bytes) { return decode_utf8(bytes).value; };
    EXPECT_EQ(value("A"), 0x41U);
    EXPECT_EQ(value("\xc3\xbc"), 0xFCU);
    EXPECT_EQ(value("\xe2\x82\xac"), 0x20ACU);
    EXPECT_EQ(value("\xf0\x9f\x98\x80"), 0x1F600U);
    for (const char* bad :
         {"\x80", "\xc3", "\xc3(", "\xe0\x80\x80", "\xf8\x88\x80\x80\x80", "\xf0\x9f\x98"}) {
        EXPECT_EQ(decode_utf8(bad).length, 0U);
    }
}

TEST(Text, Base64) {
    EXPECT_EQ(base64(""), "");
    EXPECT_EQ(base64("f"), "Zg==");
    EXPECT_EQ(base64("fo"), "Zm8=");
    EXPECT_EQ(base64("foo"), "Zm9v");
    EXPECT_EQ(base64("\xff\xfe\xfd"), "//79");
}

TEST(Text, HumanSize) {
    EXPECT_EQ(human_size(0), "0");
    EXPECT_EQ(human_size(999), "999");
    EXPECT_EQ(human_size(1234), "1.2k");
    EXPECT_EQ(human_size(999'499), "999k");
    EXPECT_EQ(human_size(999'999), "1.0M");
    EXPECT_EQ(human_size(104'857'600), "105M");
}

TEST(Text, HumanDuration) {
    EXPECT_EQ(human_duration(-5), "0us");
    EXPECT_EQ(human_duration(12'345'678), "12.3ms");
    EXPECT_EQ(human_duration(4'560'000'000), "4.56s");
    EXPECT_EQ(human_duration(200'000'000'000), "3m20s");
}

}  // namespace
}  // namespace sslsniff
