#include "capture/discovery/overlay_layers.h"

#include <gtest/gtest.h>

namespace sslsniff {
namespace {

using Paths = std::vector<std::string>;

constexpr std::string_view kRoot =
    "10 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
    "20 10 0:40 / /srv/root rw,relatime shared:5 - overlay overlay "
    "rw,lowerdir=/layers/b:/layers/a,upperdir=/upper/diff,workdir=/work,xino=off\n"
    "21 20 0:41 / /srv/root/proc rw - proc proc rw\n";

TEST(OverlayLayers, EachLayerMayHoldTheFile) {
    const auto paths = layer_paths(kRoot, "/srv/root/usr/lib/libssl.so.3");
    ASSERT_TRUE(paths);
    EXPECT_EQ(paths->upper, "/upper/diff/usr/lib/libssl.so.3");
    EXPECT_EQ(paths->lower, (Paths{"/layers/b/usr/lib/libssl.so.3", "/layers/a/usr/lib/libssl.so.3"}));
}

TEST(OverlayLayers, OtherFileSystemsHaveNone) {
    EXPECT_FALSE(layer_paths(kRoot, "/usr/lib/libssl.so.3"));
    EXPECT_FALSE(layer_paths(kRoot, "/srv/root/proc/1/exe"));
    EXPECT_FALSE(layer_paths(kRoot, "/srv/rootless/lib"));
    EXPECT_FALSE(layer_paths("", "/usr"));
    EXPECT_FALSE(layer_paths("10 1 8:1 / /\nrubbish - overlay\n", "/usr"));
}

TEST(OverlayLayers, BindMountsOfAFolder) {
    const auto paths =
        layer_paths("5 1 0:40 /usr/lib /mnt ro - overlay overlay ro,lowerdir=/a:/b\n", "/mnt/libssl.so.3");
    ASSERT_TRUE(paths);
    EXPECT_EQ(paths->upper, "");
    EXPECT_EQ(paths->lower, (Paths{"/a/usr/lib/libssl.so.3", "/b/usr/lib/libssl.so.3"}));
}

TEST(OverlayLayers, EscapesAndLayersOneByOne) {
    const auto escaped = layer_paths(
        "5 1 0:40 / /my\\040root ro - overlay overlay ro,lowerdir=/a\\134:b:/c\\054d\n", "/my root/x");
    ASSERT_TRUE(escaped);
    EXPECT_EQ(escaped->lower, (Paths{"/a:b/x", "/c,d/x"}));
    const auto single = layer_paths("5 1 0:40 / / ro - overlay o ro,lowerdir+=/a:b,lowerdir+=/c\n", "/x");
    ASSERT_TRUE(single);
    EXPECT_EQ(single->lower, (Paths{"/a:b/x", "/c/x"}));
}

TEST(OverlayLayers, TheLastMountCoversTheOthers) {
    const auto paths = layer_paths(
        "5 1 0:40 / / rw - overlay o rw,lowerdir=/old\n6 5 0:42 / / rw - overlay o rw,lowerdir=/new\n", "/x");
    ASSERT_TRUE(paths);
    EXPECT_EQ(paths->lower, Paths{"/new/x"});
}

}  // namespace
}  // namespace sslsniff
