#include <gtest/gtest.h>
#include <lz4frame.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <random>

#include "protocols/kafka/api.h"
#include "protocols/kafka/kafka.h"
#include "support/recording_host.h"
#include "unit/protocols/kafka/kafka_builder.h"

namespace sslsniff {
namespace {

using test::Conversation;
using test::kafka_batch;
using test::kafka_record;
using test::KafkaBuilder;
using test::received;
using test::RecordingHost;
using test::sent;
using Lines = std::vector<std::string>;

constexpr int kProduce = 0;
constexpr int kFetch = 1;
constexpr int kMetadata = 3;
constexpr int kApiVersions = 18;

std::string metadata_request(std::int64_t id, std::string_view topic) {
    return KafkaBuilder::request(kMetadata, 4, id).i32(1).text(topic).i8(1).message();
}

std::string metadata_response(std::int64_t id, std::string_view topic, int error = 0) {
    KafkaBuilder out = KafkaBuilder::response(id).i32(0).i32(1).i32(1).text("h").i32(9092).i16(-1);
    out.text("cluster").i32(1).i32(1).i16(error).text(topic).i8(0);
    return out.i32(1).i16(0).i32(0).i32(1).i32(1).i32(1).i32(1).i32(1).message();
}

std::string produce_request(std::int64_t id, int acks, std::string_view records) {
    KafkaBuilder out = KafkaBuilder::request(kProduce, 7, id).i16(-1).i16(acks).i32(1000).i32(1);
    return out.text("orders").i32(1).i32(3).bytes(records).message();
}

std::string produce_response(std::int64_t id, int error) {
    KafkaBuilder out = KafkaBuilder::response(id).i32(1).text("orders").i32(1).i32(3).i16(error);
    return out.i64(42).i64(-1).i64(0).i32(0).message();
}

/// Flexible, by topic id.
std::string fetch_request(std::int64_t id, std::string_view topic_id) {
    KafkaBuilder out =
        KafkaBuilder::request(kFetch, 17, id).no_tags().i32(500).i32(1).i32(1000).i8(0).i32(0).i32(-1);
    out.varint(2).raw(topic_id).varint(2).i32(0).i32(-1).i64(7).i32(-1).i64(-1).i32(1000).no_tags().no_tags();
    return out.varint(1).compact("").no_tags().message();
}

std::string fetch_response(std::int64_t id, std::string_view topic_id, std::string_view records) {
    KafkaBuilder out =
        KafkaBuilder::response(id).no_tags().i32(0).i16(0).i32(0).varint(2).raw(topic_id).varint(2);
    out.i32(0).i16(0).i64(9).i64(9).i64(0).varint(0).i32(-1).compact(records).no_tags().no_tags();
    return out.no_tags().message();
}

const std::string kTopicId(16, '\x11');

test::ParserExample example() {
    const std::string records = kafka_record(0, "k", "one") + kafka_record(1, "", "two");
    return {
        {sent(KafkaBuilder::request(kApiVersions, 3, 1)
                  .no_tags()
                  .compact("rdkafka")
                  .compact("2")
                  .no_tags()
                  .message()),
         received(KafkaBuilder::response(1).i16(35).i32(1).i16(18).i16(0).i16(2).message()),
         sent(KafkaBuilder::request(kApiVersions, 0, 2).message()),
         received(KafkaBuilder::response(2).i16(0).i32(1).i16(18).i16(0).i16(2).message()),
         sent(metadata_request(3, "orders") + metadata_request(4, "nothing")),
         received(metadata_response(3, "orders") + metadata_response(4, "nothing", 3)),
         sent(produce_request(5, -1, kafka_batch(0, 2, 0, records)) +
              produce_request(6, 0, kafka_batch(0, 2, 0, records)) +
              produce_request(7, 1, kafka_batch(0, 2, 0, records))),
         received(produce_response(5, 0)), received(produce_response(7, 6)), sent(fetch_request(8, kTopicId)),
         received(fetch_response(8, kTopicId, kafka_batch(7, 2, 0, records))),
         sent(KafkaBuilder::request(36, 1, 9).bytes(std::string("\0bob\0geheim", 11)).message()),
         received(KafkaBuilder::response(9).i16(58).text("no").bytes("").i64(0).message()),
         sent(KafkaBuilder::request(42, 0, 10).i32(1).text("g").message()),
         received(KafkaBuilder::response(10).i32(0).i32(0).message())},
        {"ApiVersions v3 -> UNSUPPORTED_VERSION", "ApiVersions v0 -> ok",
         "Metadata v4 orders -> 1 topic, 1 partition", "Metadata v4 nothing -> UNKNOWN_TOPIC_OR_PARTITION",
         "Produce v7 orders[3] 2 records -> (no response wanted)",
         "Produce v7 orders[3] 2 records -> offset 42",
         "Produce v7 orders[3] 2 records -> NOT_LEADER_OR_FOLLOWER",
         "Fetch v17 EREREREREREREREREREREQ[0]@7 -> 2 records",
         "SaslAuthenticate v1 -> SASL_AUTHENTICATION_FAILED", "DeleteGroups v0 -> 16 bytes"}};
}

TEST(KafkaParser, UnderstandsHoweverItIsCut) {
    test::expect_however_cut(create_kafka, example());
}

TEST(KafkaParser, ShowsFieldsAndRecords) {
    RecordingHost host;
    ASSERT_TRUE(host.run(create_kafka, example().conversation));
    EXPECT_EQ(
        host.fields(0),
        R"(request{api="ApiVersions" api_key=18 api_version=3 correlation_id=1 client_id="tester" bytes=32 )"
        R"(fields{client_software_name="rdkafka" client_software_version="2"}} )"
        R"(response{bytes=20 error{code="UNSUPPORTED_VERSION" number=35 count=1} )"
        R"(fields{error_code=35 error="UNSUPPORTED_VERSION" )"
        R"(api_keys[{api_key=18 min_version=0 max_version=2}]}})");
    EXPECT_NE(host.fields(5).find(
                  R"(topics[="orders"] topic_count=1 partition_count=1 record_count=2 record_bytes=92 )"
                  R"(fields{transactional_id=null acks=-1 timeout_ms=1000 topic_data[{name="orders" )"
                  R"(partition_data[{index=3 records{size=92 count=2 batches=1 compression="none" )"
                  R"(base_offset=0 first[{offset=0 timestamp_ms=1700000000000 key="k" value=(3 0 "one") )"
                  R"(headers[{name="h" value="hv"}]} {offset=1 )"),
              std::string::npos)
        << host.fields(5);
    EXPECT_NE(host.fields(7).find(R"(partitions[{partition_index=0 error_code=0 high_watermark=9 )"),
              std::string::npos)
        << host.fields(7);
    EXPECT_EQ(host.fields(8).find("geheim"), std::string::npos);
}

std::string compressed(int codec, const std::string& records) {
    std::string out(records.size() * 2 + 1000, '\0');
    std::size_t size = out.size();
    switch (codec) {
        case 1: {
            z_stream stream{};
            constexpr int kGzip = 16 + MAX_WBITS;
            deflateInit2(&stream, 6, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY);
            stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(records.data()));
            stream.avail_in = static_cast<uInt>(records.size());
            stream.next_out = reinterpret_cast<Bytef*>(out.data());
            stream.avail_out = static_cast<uInt>(out.size());
            deflate(&stream, Z_FINISH);
            size = stream.total_out;
            deflateEnd(&stream);
            break;
        }
        case 2:
            snappy_compress(records.data(), records.size(), out.data(), &size);
            break;
        case 3:
            size = LZ4F_compressFrame(out.data(), out.size(), records.data(), records.size(), nullptr);
            break;
        default:
            size = ZSTD_compress(out.data(), out.size(), records.data(), records.size(), 3);
    }
    out.resize(size);
    return out;
}

TEST(KafkaParser, DecompressesRecords) {
    std::string records;
    for (int i = 0; i < 20; ++i) {
        records += kafka_record(i, "k", "value " + std::to_string(i));
    }
    const std::string snappy = compressed(2, records);
    const std::string xerial =
        KafkaBuilder().raw(std::string("\x82SNAPPY\0", 8)).i32(1).i32(1).bytes(snappy).content();
    const std::array<std::pair<int, std::string>, 5> all{{{1, compressed(1, records)},
                                                          {2, snappy},
                                                          {2, xerial},
                                                          {3, compressed(3, records)},
                                                          {4, compressed(4, records)}}};
    for (const auto& [codec, bytes] : all) {
        RecordingHost host;
        host.run(create_kafka, {sent(produce_request(1, 1, kafka_batch(0, 20, codec, bytes))),
                                received(produce_response(1, 0))});
        ASSERT_EQ(host.emitted.size(), 1);
        EXPECT_EQ(host.lines()[0], "Produce v7 orders[3] 20 records -> offset 42");
        EXPECT_NE(host.fields(0).find("value 9"), std::string::npos) << codec << host.fields(0);
        EXPECT_EQ(host.fields(0).find("value 10"), std::string::npos) << "ten are shown";
    }
}

/// Whatever is lost: a pair shown as complete is a true pair.
TEST(KafkaParser, NeverPairsWrongSilentlyAfterAGap) {
    Conversation calls;
    Lines truth;
    for (int round = 0; round < 4; ++round) {
        std::string requests;
        std::string responses;
        for (int i = 0; i < 2; ++i) {
            const int id = round * 2 + i;
            const std::string topic = "topic" + std::to_string(id);
            requests += metadata_request(id, topic);
            responses += metadata_response(id, topic, id % 2 == 0 ? 0 : id + 1);
            truth.push_back("Metadata v4 " + topic);
        }
        calls.push_back(sent(requests));
        calls.push_back(received(responses));
    }
    RecordingHost all;
    all.run(create_kafka, calls);
    const Lines lines = all.lines();
    ASSERT_EQ(lines.size(), truth.size());
    test::expect_no_inventions(create_kafka, {calls, lines}, {1, 7, 60});
}

TEST(KafkaParser, JoinsAfterEveryMessage) {
    Conversation all = example().conversation;
    const Lines lines = example().lines;
    while (!all.empty()) {
        all.erase(all.begin());
        RecordingHost host;
        host.info.midstream = true;
        host.run(create_kafka, all);
        for (const std::string& line : host.lines()) {
            if (line.find(" !") == std::string::npos) {
                EXPECT_NE(std::ranges::find(lines, line), lines.end()) << line;
            }
        }
        if (std::ranges::any_of(all, [](const auto& piece) { return piece.direction == Direction::sent; }) &&
            all.size() >= 2) {
            EXPECT_FALSE(host.lines().empty()) << all.size();
            EXPECT_EQ(host.lines().back(), lines.back());
        }
    }
}

TEST(KafkaParser, TellsWhatIsUnanswered) {
    RecordingHost host;
    host.run(create_kafka, {sent(metadata_request(1, "a") + metadata_request(2, "b").substr(0, 27))});
    EXPECT_EQ(host.lines(),
              (Lines{"Metadata v4 a ->  !no response", "Metadata v4 b ->  !message unfinished"}));
}

TEST(KafkaParser, ShowsSecretsWhenAsked) {
    ParserLimits limits;
    limits.show_secrets = true;
    RecordingHost host;
    host.run(create_kafka, example().conversation, limits);
    EXPECT_NE(host.fields(8).find("geheim"), std::string::npos) << host.fields(8);
}

TEST(KafkaParser, BoundsWhatWaits) {
    ParserLimits limits;
    limits.max_pending = 4;
    RecordingHost host;
    Conversation calls;
    for (int i = 0; i < 10; ++i) {
        calls.push_back(sent(metadata_request(i, "a")));
    }
    host.run(create_kafka, calls, limits);
    ASSERT_EQ(host.lines().size(), 10);
    EXPECT_EQ(host.lines()[0], "Metadata v4 a ->  !no response: too many requests wait");
}

TEST(KafkaParser, KeepsLargeRecordsOutOfMemory) {
    RecordingHost host;
    const auto parser = create_kafka(host, {});
    constexpr std::int64_t kSize = 64 << 20;
    KafkaBuilder head =
        KafkaBuilder::request(kProduce, 7, 1).i16(-1).i16(1).i32(1000).i32(1).text("big").i32(1).i32(0);
    head.i32(kSize);
    const std::string begin = head.content();
    parser->feed(Direction::sent,
                 KafkaBuilder().i32(static_cast<std::int64_t>(begin.size()) + kSize).raw(begin).content(),
                 {});
    const std::string batch = kafka_batch(0, 1, 0, kafka_record(0, "k", std::string(1000, 'v')));
    std::string block(1 << 20, 'x');
    block.replace(0, batch.size(), batch);
    for (int i = 0; i < 64; ++i) {
        parser->feed(Direction::sent, block, {});
        EXPECT_LT(parser->held(), 400'000U);
    }
    parser->feed(Direction::received, produce_response(1, 0), {});
    ASSERT_EQ(host.emitted.size(), 1);
    EXPECT_TRUE(host.emitted[0].integrity.complete);
    EXPECT_EQ(host.lines()[0], "Produce v7 big[0] at least 1 record -> offset 42");
}

/// Any bytes behind any header: nothing but bounds can be expected.
TEST(KafkaParser, SurvivesNoise) {
    std::mt19937 random(9);
    for (int trial = 0; trial < 20'000; ++trial) {
        KafkaBuilder request =
            KafkaBuilder::request(static_cast<int>(random() % 93), static_cast<int>(random() % 19), 1);
        std::string noise(random() % 200, '\0');
        std::ranges::generate(noise, [&] {
            return random() % 3 == 0 ? '\1' : static_cast<char>(random() % 256 * (random() % 2));
        });
        RecordingHost host;
        host.run(create_kafka, {sent(metadata_request(0, "a")), received(metadata_response(0, "a")),
                                sent(request.raw(noise).message()),
                                received(KafkaBuilder::response(1).raw(noise).message())});
        ASSERT_GE(host.emitted.size(), 1);
        if (host.emitted.size() > 1) {
            host.fields(1);
        }
    }
}

}  // namespace
}  // namespace sslsniff
