#include "capture/discovery/packed_relocations.h"

#include <gtest/gtest.h>

#include <cstring>

namespace sslsniff {
namespace {

using Places = std::vector<std::uint64_t>;

Bytes table(const Places& words) {
    Bytes bytes(words.size() * sizeof(std::uint64_t), '\0');
    std::memcpy(bytes.data(), words.data(), bytes.size());
    return bytes;
}

constexpr std::uint64_t kAll = UINT64_MAX;
constexpr std::size_t kMost = 1000;

TEST(PackedRelocations, AddressesAndBitmaps) {
    EXPECT_EQ(packed_places(table({0x1000}), 0, kAll, kMost), Places{0x1000});
    // bits 1, 2 and 63: the first, second and last of the 63 words behind the address
    const std::uint64_t bitmap = 1U | 1U << 1 | 1U << 2 | std::uint64_t{1} << 63;
    EXPECT_EQ(packed_places(table({0x1000, bitmap}), 0, kAll, kMost),
              (Places{0x1000, 0x1008, 0x1010, 0x1008 + 62 * 8}));
    EXPECT_EQ(packed_places(table({0x1000, 1, 3, 0x4000}), 0, kAll, kMost),
              (Places{0x1000, 0x1008 + 63 * 8, 0x4000}));
}

TEST(PackedRelocations, OnlyWhatIsAskedFor) {
    EXPECT_EQ(packed_places(table({0x1000, 7, 0x4000}), 0x1008, 0x4000, kMost), (Places{0x1008, 0x1010}));
    EXPECT_EQ(packed_places(table({0x1000, kAll, kAll}), 0, kAll, 5).size(), 5U);
}

TEST(PackedRelocations, BrokenTables) {
    EXPECT_TRUE(packed_places({}, 0, kAll, kMost).empty());
    EXPECT_TRUE(packed_places("\x10\x20\x30", 0, kAll, kMost).empty());
    EXPECT_EQ(packed_places(table({kAll}), 0, kAll, kMost).size(), 63U);  // a bitmap without an address
    EXPECT_LE(packed_places(table({kAll - 1, kAll, kAll}), 0, kAll, kMost).size(), 127U);
}

}  // namespace
}  // namespace sslsniff
