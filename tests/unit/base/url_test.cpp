#include "base/url.h"

#include <gtest/gtest.h>

namespace sslsniff {
namespace {

TEST(Url, Decoding) {
    EXPECT_EQ(percent_decode("a%20b+c%2f%zz%4"), "a b+c/%zz%4");
    EXPECT_EQ(form_decode("a%20b+c%2B%"), "a b c+%");
    EXPECT_EQ(percent_decode("%-1%+1%0x"), "%-1%+1%0x");
    EXPECT_EQ(percent_decode("%00%fF"), std::string("\0\xff", 2));
    EXPECT_EQ(percent_decode(""), "");
}

TEST(Url, Path) {
    EXPECT_EQ(path_of("https://h:1/a/b?c=/d#e"), "/a/b");
    EXPECT_EQ(path_of("/a?u=https://h/b"), "/a");
    EXPECT_EQ(path_of("/a://b"), "/a://b");
    EXPECT_EQ(path_of("https://h"), "");
    EXPECT_EQ(path_of("https://h?a/b"), "");
    EXPECT_EQ(path_of(""), "");
    EXPECT_EQ(path_of("*"), "*");
}

}  // namespace
}  // namespace sslsniff
