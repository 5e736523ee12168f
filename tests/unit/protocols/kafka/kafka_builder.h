#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/endian.h"

namespace sslsniff::test {

/// Builds messages of Kafka field by field.
class KafkaBuilder {
  public:
    KafkaBuilder& i8(int value) { return put<std::uint8_t>(value); }
    KafkaBuilder& i16(int value) { return put<std::uint16_t>(value); }
    KafkaBuilder& i32(std::int64_t value) { return put<std::uint32_t>(value); }
    KafkaBuilder& i64(std::int64_t value) { return put<std::uint64_t>(value); }
    KafkaBuilder& raw(std::string_view bytes) {
        out_ += bytes;
        return *this;
    }
    KafkaBuilder& text(std::string_view value) { return i16(static_cast<int>(value.size())).raw(value); }
    KafkaBuilder& bytes(std::string_view value) {
        return i32(static_cast<std::int64_t>(value.size())).raw(value);
    }
    KafkaBuilder& varint(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) {
            i8(static_cast<int>(value & 0x7F) | 0x80);
        }
        return i8(static_cast<int>(value));
    }
    KafkaBuilder& zigzag(std::int64_t value) {
        return varint(static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
    }
    /// Of flexible versions.
    KafkaBuilder& compact(std::string_view value) { return varint(value.size() + 1).raw(value); }
    KafkaBuilder& no_tags() { return i8(0); }
    /// Behind its size.
    std::string message() const { return KafkaBuilder().bytes(out_).out_; }
    std::string content() const { return out_; }

    static KafkaBuilder request(int key, int version, std::int64_t id, std::string_view client = "tester") {
        return KafkaBuilder().i16(key).i16(version).i32(id).text(client);
    }
    static KafkaBuilder response(std::int64_t id) { return KafkaBuilder().i32(id); }

  private:
    template <class T>
    KafkaBuilder& put(std::int64_t value) {
        append_be(out_, static_cast<T>(value));
        return *this;
    }
    std::string out_;
};

/// A record of format 2, and a batch of `count` of them that are (or decompress to) `records`.
inline std::string kafka_record(std::int64_t delta, std::string_view key, std::string_view value) {
    KafkaBuilder record;
    record.i8(0).zigzag(delta).zigzag(delta).zigzag(static_cast<std::int64_t>(key.size())).raw(key);
    record.zigzag(static_cast<std::int64_t>(value.size())).raw(value).zigzag(1);
    record.zigzag(1).raw("h").zigzag(2).raw("hv");
    return KafkaBuilder()
        .zigzag(static_cast<std::int64_t>(record.content().size()))
        .raw(record.content())
        .content();
}
inline std::string kafka_batch(std::int64_t base_offset, int count, int codec, std::string_view records) {
    KafkaBuilder rest;
    rest.i32(0).i8(2).i32(0x1234).i16(codec).i32(count - 1).i64(1'700'000'000'000).i64(1'700'000'000'001);
    rest.i64(-1).i16(-1).i32(-1).i32(count).raw(records);
    return KafkaBuilder().i64(base_offset).bytes(rest.content()).content();
}

}  // namespace sslsniff::test
