#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace sslsniff::kafka {

/// Of a message, a field or a feature: first and last one that has it.
struct Versions {
    std::int16_t first = 0;
    std::int16_t last = std::numeric_limits<std::int16_t>::max();
    constexpr bool has(std::int16_t version) const { return version >= first && version <= last; }
};

enum class Type : std::uint8_t {
    boolean,
    int8,
    int16,
    int32,
    int64,
    uuid,
    string,
    bytes,
    records,
    structure
};

/// What a field is, beyond its type, to whoever sums a message up.
enum class Means : std::uint8_t {
    nothing,
    acks,  ///< Produce: 0 for no answer at all
    topic,
    topic_id,
    partition,
    offset,
    error_code,
    error_message,
    group,
    transaction,
    subject,  ///< what else the request is about: a coordinator's key, a SASL mechanism
    secret,
};

/// One field, as Kafka's message definitions (clients/src/main/resources/common/message/*.json) have it.
/// Whether null is allowed matters for structures alone: everywhere else it has an encoding of its own.
struct Field {
    std::string_view name;
    Type type = Type::int32;
    Versions versions{};
    bool is_array = false;
    bool is_nullable = false;  ///< a structure behind a byte that says whether it is there
    std::int32_t tag = -1;     ///< of a tagged field
    Means means = Means::nothing;
    std::span<const Field> fields{};  ///< of a structure

    constexpr Field since(std::int16_t version) const { return in(version, versions.last); }
    constexpr Field until(std::int16_t version) const { return in(versions.first, version); }
    constexpr Field in(std::int16_t first, std::int16_t last) const {
        Field copy = *this;
        copy.versions = {first, last};
        return copy;
    }
    constexpr Field array() const {
        Field copy = *this;
        copy.is_array = true;
        return copy;
    }
    constexpr Field nullable() const {
        Field copy = *this;
        copy.is_nullable = true;
        return copy;
    }
    constexpr Field tagged(std::int32_t number) const {
        Field copy = *this;
        copy.tag = number;
        return copy;
    }
    constexpr Field is(Means meaning) const {
        Field copy = *this;
        copy.means = meaning;
        return copy;
    }
};

using Fields = std::span<const Field>;

constexpr Field boolean(std::string_view name) {
    return {.name = name, .type = Type::boolean};
}
constexpr Field int8(std::string_view name) {
    return {.name = name, .type = Type::int8};
}
constexpr Field int16(std::string_view name) {
    return {.name = name, .type = Type::int16};
}
constexpr Field int32(std::string_view name) {
    return {.name = name, .type = Type::int32};
}
constexpr Field int64(std::string_view name) {
    return {.name = name, .type = Type::int64};
}
constexpr Field uuid(std::string_view name) {
    return {.name = name, .type = Type::uuid};
}
constexpr Field string(std::string_view name) {
    return {.name = name, .type = Type::string};
}
constexpr Field bytes(std::string_view name) {
    return {.name = name, .type = Type::bytes};
}
constexpr Field records(std::string_view name) {
    return {.name = name, .type = Type::records};
}
constexpr Field structure(std::string_view name, Fields fields) {
    return {.name = name, .type = Type::structure, .fields = fields};
}
constexpr Field array(std::string_view name, Fields fields) {
    return structure(name, fields).array();
}

// Fields that many messages have.
constexpr Field error_code() {
    return int16("error_code").is(Means::error_code);
}
constexpr Field error_message() {
    return string("error_message").is(Means::error_message);
}
constexpr Field throttle_time() {
    return int32("throttle_time_ms");
}
constexpr Field topic(std::string_view name) {
    return string(name).is(Means::topic);
}
constexpr Field topic_id() {
    return uuid("topic_id").is(Means::topic_id);
}
constexpr Field partition(std::string_view name) {
    return int32(name).is(Means::partition);
}
constexpr Field group() {
    return string("group_id").is(Means::group);
}
constexpr Field transactional_id() {
    return string("transactional_id").is(Means::transaction);
}

}  // namespace sslsniff::kafka
