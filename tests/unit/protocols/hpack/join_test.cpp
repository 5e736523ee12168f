#include <gtest/gtest.h>

#include "protocols/hpack/decoder.h"
#include "unit/protocols/hpack/hpack_support.h"

namespace sslsniff::hpack {
namespace {

constexpr std::size_t kMaxList = 64 * 1024;

/// What is shown of `truth` is right or marked unknown.
void expect_right(const Block& shown, const HeaderList& truth, std::size_t& known) {
    ASSERT_FALSE(shown.damaged);
    ASSERT_EQ(shown.fields.size(), truth.size());
    for (std::size_t i = 0; i < truth.size(); ++i) {
        if (shown.fields[i].name_known) {
            ASSERT_EQ(shown.fields[i].name, truth[i].first);
        }
        if (shown.fields[i].value_known) {
            ASSERT_EQ(shown.fields[i].value, truth[i].second);
        }
        known += shown.fields[i].name_known && shown.fields[i].value_known ? 1 : 0;
    }
}

void expect_right_from_every_join(const std::vector<EncodedBlock>& blocks) {
    std::size_t known = 0;
    std::size_t fields = 0;
    for (std::size_t join = 0; join < blocks.size(); ++join) {
        Decoder decoder(join == 0, kMaxList);
        for (std::size_t i = join; i < blocks.size(); ++i) {
            const Block shown = decoder.decode(blocks[i].bytes);
            ASSERT_NO_FATAL_FAILURE(expect_right(shown, blocks[i].fields, known))
                << "join " << join << " block " << i;
            if (join == 0) {
                ASSERT_EQ(shown.unknown, 0U);
            }
            fields += shown.fields.size();
        }
    }
    EXPECT_GT(known, fields / 3);  // it heals
}

TEST(HpackJoin, IsRightOrUnknownAfterEveryJoin) {
    for (unsigned seed = 0; seed < 30; ++seed) {
        SCOPED_TRACE(seed);
        expect_right_from_every_join(random_blocks(seed, 60));
    }
}

TEST(HpackJoin, IsRightOrUnknownAfterLostBlocks) {
    for (unsigned seed = 100; seed < 130; ++seed) {
        const std::vector<EncodedBlock> blocks = random_blocks(seed, 60);
        for (std::size_t lost = 0; lost < blocks.size(); ++lost) {
            Decoder decoder(true, kMaxList);
            std::size_t known = 0;
            for (std::size_t i = 0; i < blocks.size(); ++i) {
                if (i == lost) {
                    decoder.decode_prefix(ByteView(blocks[i].bytes).substr(0, blocks[i].bytes.size() / 2));
                } else {
                    ASSERT_NO_FATAL_FAILURE(
                        expect_right(decoder.decode(blocks[i].bytes), blocks[i].fields, known));
                }
            }
        }
    }
}

TEST(HpackJoin, UnderstandsPythonHpackAfterEveryJoin) {
    const std::vector<EncodedBlock> blocks = read_blocks(SSLSNIFF_FIXTURES "/hpack/python-hpack.txt");
    ASSERT_GT(blocks.size(), 50U);
    expect_right_from_every_join(blocks);
}

}  // namespace
}  // namespace sslsniff::hpack
