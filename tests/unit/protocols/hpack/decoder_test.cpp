#include "protocols/hpack/decoder.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>

#include "unit/protocols/hpack/hpack_support.h"

namespace sslsniff::hpack {
namespace {

constexpr std::size_t kMaxList = 64 * 1024;

/// The fields as "name: value" lines, unknown parts as '?'.
std::string text(const Block& block) {
    std::string out = block.damaged ? "damaged\n" : "";
    for (const Field& field : block.fields) {
        out += (field.name_known ? field.name : "?") + ": " + (field.value_known ? field.value : "?") + "\n";
    }
    return out;
}

std::string decode(Decoder& decoder, std::string_view hex) {
    return text(decoder.decode(unhex(hex)));
}

TEST(HpackDecoder, DecodesEachRepresentation) {  // RFC 7541 appendix C.2
    Decoder decoder(true, kMaxList);
    EXPECT_EQ(decode(decoder, "400a637573746f6d2d6b65790d637573746f6d2d686561646572"),
              "custom-key: custom-header\n");
    EXPECT_EQ(decoder.known_size(), 55U);
    EXPECT_EQ(decode(decoder, "040c2f73616d706c652f70617468"), ":path: /sample/path\n");
    EXPECT_EQ(decode(decoder, "100870617373776f726406736563726574"), "password: secret\n");
    EXPECT_EQ(decode(decoder, "82"), ":method: GET\n");
    EXPECT_EQ(decoder.known_entries(), 1U);
}

constexpr std::string_view kRequests[] = {
    ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\n",
    ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\ncache-control: no-cache\n",
    ":method: GET\n:scheme: https\n:path: /index.html\n:authority: www.example.com\n"
    "custom-key: custom-value\n"};

TEST(HpackDecoder, DecodesRequestsWithoutHuffman) {  // C.3
    Decoder decoder(true, kMaxList);
    EXPECT_EQ(decode(decoder, "828684410f7777772e6578616d706c652e636f6d"), kRequests[0]);
    EXPECT_EQ(decoder.known_size(), 57U);
    EXPECT_EQ(decode(decoder, "828684be58086e6f2d6361636865"), kRequests[1]);
    EXPECT_EQ(decoder.known_size(), 110U);
    EXPECT_EQ(decode(decoder, "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565"), kRequests[2]);
    EXPECT_EQ(decoder.known_size(), 164U);
}

TEST(HpackDecoder, DecodesRequestsWithHuffman) {  // C.4
    Decoder decoder(true, kMaxList);
    EXPECT_EQ(decode(decoder, "828684418cf1e3c2e5f23a6ba0ab90f4ff"), kRequests[0]);
    EXPECT_EQ(decode(decoder, "828684be5886a8eb10649cbf"), kRequests[1]);
    EXPECT_EQ(decode(decoder, "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf"), kRequests[2]);
    EXPECT_EQ(decoder.known_size(), 164U);
}

constexpr std::string_view kResponses[] = {
    ":status: 302\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:21 GMT\n"
    "location: https://www.example.com\n",
    ":status: 307\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:21 GMT\n"
    "location: https://www.example.com\n",
    ":status: 200\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:22 GMT\n"
    "location: https://www.example.com\ncontent-encoding: gzip\n"
    "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1\n"};

constexpr std::string_view kCapacity256 = "3fe101";

TEST(HpackDecoder, EvictsTheOldestEntries) {  // C.5
    Decoder decoder(true, kMaxList);
    EXPECT_EQ(
        decode(decoder, std::string(kCapacity256) +
                            "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a"
                            "323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d"),
        kResponses[0]);
    EXPECT_EQ(decoder.known_size(), 222U);
    EXPECT_EQ(decode(decoder, "4803333037c1c0bf"), kResponses[1]);
    EXPECT_EQ(decoder.known_size(), 222U);
    EXPECT_EQ(
        decode(decoder,
               "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f"
               "6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b"
               "2076657273696f6e3d31"),
        kResponses[2]);
    EXPECT_EQ(decoder.known_size(), 215U);
    EXPECT_EQ(decoder.known_entries(), 3U);
}

TEST(HpackDecoder, EvictsTheOldestEntriesWithHuffman) {  // C.6
    Decoder decoder(true, kMaxList);
    EXPECT_EQ(
        decode(decoder, std::string(kCapacity256) +
                            "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29"
                            "ad171863c78f0b97c8e9ae82ae43d3"),
        kResponses[0]);
    EXPECT_EQ(decode(decoder, "4883640effc1c0bf"), kResponses[1]);
    EXPECT_EQ(
        decode(decoder,
               "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335"
               "dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007"),
        kResponses[2]);
    EXPECT_EQ(decoder.known_size(), 215U);
}

TEST(HpackDecoder, MarksWhatWasInsertedBeforeTheJoin) {
    Decoder decoder(false, kMaxList);
    // C.3.3 without the two blocks before it: index 62 is not ours.
    const Block block = decoder.decode(unhex("828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565"));
    EXPECT_EQ(text(block),
              ":method: GET\n:scheme: https\n:path: /index.html\n?: ?\ncustom-key: custom-value\n");
    EXPECT_EQ(block.unknown, 1U);
    EXPECT_FALSE(decoder.aligned());
    EXPECT_EQ(decode(decoder, "be"), "custom-key: custom-value\n");
    EXPECT_EQ(decode(decoder, "bf"), "?: ?\n");
}

TEST(HpackDecoder, KeepsTheValueOfAnUnknownName) {
    Decoder decoder(false, kMaxList);
    EXPECT_EQ(decode(decoder,
                     "7f0101"
                     "61"),
              "?: a\n");  // index 64, inserted
    EXPECT_EQ(decode(decoder, "be"), "?: a\n");
    EXPECT_EQ(decode(decoder, "7e0162"), "?: b\n");  // the name of the entry just inserted
}

TEST(HpackDecoder, KnowsEverythingAfterAnUpdateToZero) {
    Decoder decoder(false, kMaxList);
    EXPECT_EQ(decode(decoder,
                     "203fe11f"
                     "82"),
              ":method: GET\n");
    EXPECT_TRUE(decoder.aligned());
    EXPECT_EQ(decode(decoder, "be"), "damaged\n");
}

TEST(HpackDecoder, IsAlignedOnceKnownEntriesFillTheTable) {
    Decoder decoder(false, kMaxList);
    EXPECT_EQ(decode(decoder,
                     "3f21"
                     "82"),
              ":method: GET\n");  // 64 bytes
    EXPECT_FALSE(decoder.aligned());
    EXPECT_EQ(decode(decoder,
                     "40016101"
                     "62"),
              "a: b\n");  // 34 of them
    EXPECT_TRUE(decoder.aligned());
}

TEST(HpackDecoder, RefusesWhatIsNotWellFormed) {
    for (const std::string_view hex : {
             "80",              // index 0
             "be",              // nothing there
             "8220",            // size update after a field
             "ff",              // integer without end
             "ffffffffffff",    // integer of more than 32 bits
             "40",              // no name
             "400161",          // no value
             "40016185",        // value shorter than its length
             "0081ff80",        // padding of eight ones
             "0084ffffffff00",  // EOS
             "00811800",        // padding of zeros
         }) {
        Decoder decoder(true, kMaxList);
        EXPECT_TRUE(decoder.decode(unhex(hex)).damaged) << hex;
        EXPECT_FALSE(decoder.aligned()) << hex;
    }
}

TEST(HpackDecoder, RecoversAfterADamagedBlock) {
    Decoder decoder(true, kMaxList);
    EXPECT_EQ(decode(decoder,
                     "40016101"
                     "62"),
              "a: b\n");
    EXPECT_EQ(decode(decoder, "8280"), "damaged\n:method: GET\n");
    EXPECT_EQ(decode(decoder, "be"), "?: ?\n");
    EXPECT_EQ(decode(decoder,
                     "40016301"
                     "64be"),
              "c: d\nc: d\n");
}

TEST(HpackDecoder, BoundsTheFieldsKept) {
    Decoder decoder(true, 100);
    const Block block =
        decoder.decode(unhex("40016101"
                             "62"
                             "bebebebe"
                             "40016301"
                             "64"));
    EXPECT_TRUE(block.truncated);
    EXPECT_EQ(block.fields.size(), 2U);
    EXPECT_EQ(decode(decoder, "be"), "c: d\n");  // inserted all the same
}

TEST(HpackDecoder, MarksAnUnknownNameWithAnEmptyValue) {
    Decoder decoder(false, kMaxList);
    EXPECT_EQ(decode(decoder, "7f0100be"), "?: \n?: \n");
    EXPECT_EQ(decode(decoder, "0f3000"), "?: \n");  // index 63, not inserted
    EXPECT_EQ(decoder.known_entries(), 1U);
    EXPECT_FALSE(decoder.entry(1).name_known);
}

TEST(HpackDecoder, BelievesNamesThatLookLikeThoseItMakesUp) {
    Decoder decoder(true, kMaxList);
    EXPECT_EQ(decode(decoder, "4001ff0161be"), "\xFF: a\n\xFF: a\n");
}

/// The join is in a table of another size than the initial one; what is behind the known entries goes when
/// they fill it, in the middle of a block.
TEST(HpackDecoder, FollowsEvictionWithinABlock) {
    Decoder decoder(false, kMaxList);
    EXPECT_EQ(decode(decoder,
                     "3f32"        // 81 bytes
                     "be"          // unknown
                     "4001610162"  // 34 of 81
                     "bf"          // unknown
                     "4001630164"  // 68: no room for more
                     "bfbe"),
              "?: ?\na: b\n?: ?\nc: d\na: b\nc: d\n");
    EXPECT_TRUE(decoder.aligned());
    EXPECT_EQ(decode(decoder, "c0"), "damaged\n");
}

TEST(HpackDecoder, KeepsOneMebibyteOfLargerTables) {
    Decoder decoder(true, kMaxList);
    const Bytes update = unhex("3fe1ff7f");  // 2 MiB
    EXPECT_EQ(text(decoder.decode(update + unhex("4001610162be"))), "a: b\na: b\n");
    const std::string large(60'000, 'v');
    const Bytes insertion = unhex(
                                "400178"
                                "7fe1d303") +
                            large;
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(decoder.decode(insertion).fields.size(), 1U);
    }
    EXPECT_LE(decoder.known_size(), std::size_t{1} << 20U);
    EXPECT_EQ(decode(decoder, "d2"), "?: ?\n");  // index 82: behind 17 or 20 insertions
}

TEST(HpackDecoder, LosesTheTableToAValueThatNghttp2Refuses) {
    Decoder decoder(true, 1'000'000);
    EXPECT_EQ(decode(decoder, "4001610162"), "a: b\n");
    const std::string large(70'000, 'v');
    EXPECT_EQ(text(decoder.decode(unhex("be400178"
                                        "7ff1a104") +
                                  large)),
              "damaged\na: b\n");
    EXPECT_EQ(decode(decoder, "82be"), ":method: GET\n?: ?\n");
}

TEST(HpackDecoder, RepeatsLongNamesWithinItsBounds) {
    Decoder decoder(true, kMaxList);
    const std::string name(2000, 'n');
    const std::string block = unhex("407fd10e") + name + unhex("0162") + std::string(10'000, '\xBE');
    const Block shown = decoder.decode(block);
    EXPECT_TRUE(shown.truncated);
    EXPECT_EQ(shown.fields.size(), kMaxList / (name.size() + 1 + 32));
    EXPECT_EQ(shown.fields.back().name, name);
}

TEST(HpackDecoder, SaysWhatItHolds) {
#ifdef SSLSNIFF_SANITIZED
    GTEST_SKIP() << "the allocator of a sanitizer does not say what it gave";
#endif
    std::vector<Decoder> decoders;
    constexpr std::size_t kDecoders = 2000;
    decoders.reserve(kDecoders);
    for (const std::size_t insertions : {1U, 80U}) {
        Bytes block;
        for (std::size_t i = 0; i < insertions; ++i) {
            block +=
                unhex("400678") + Bytes(5, static_cast<char>('a' + i % 26)) + unhex("0a") + Bytes(10, 'v');
        }
        decoders.clear();
        const std::size_t before = mallinfo2().uordblks;
        std::size_t held = 0;
        for (std::size_t i = 0; i < kDecoders; ++i) {
            decoders.emplace_back(i % 2 == 0, kMaxList);
            ASSERT_FALSE(decoders.back().decode(block).damaged);
            held += decoders.back().held();
        }
        const auto grown = static_cast<double>(mallinfo2().uordblks - before);
        EXPECT_GT(static_cast<double>(held), 0.9 * grown) << insertions;
        EXPECT_LT(static_cast<double>(held), 1.2 * grown) << insertions;
    }
}

TEST(HpackDecoder, DecodesTheBeginningOfALostBlock) {
    Decoder decoder(true, kMaxList);
    const Block block =
        decoder.decode_prefix(unhex("82"
                                    "40016101"
                                    "62"
                                    "4001"));
    EXPECT_EQ(text(block), "damaged\n:method: GET\na: b\n");
    EXPECT_FALSE(decoder.aligned());
}

TEST(HpackDecoder, NeverFailsOnNoise) {
    std::mt19937 random(7);
    for (int round = 0; round < 2000; ++round) {
        Decoder decoder((round & 1) != 0, kMaxList);
        for (int i = 0; i < 5; ++i) {
            std::string noise(random() % 64, '\0');
            std::ranges::generate(noise, [&] { return static_cast<char>(random()); });
            const Block block = decoder.decode(noise);
            EXPECT_LE(block.fields.size(), noise.size());
        }
    }
}

}  // namespace
}  // namespace sslsniff::hpack
