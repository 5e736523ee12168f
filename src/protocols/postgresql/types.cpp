#include "protocols/postgresql/types.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <iterator>
#include <limits>
#include <optional>

#include "protocols/byte_reader.h"

namespace sslsniff::postgresql {
namespace {

using sql::Value;

/// What a type's values are, and so how they are read in binary.
enum class Nature : std::uint8_t {
    text,
    integer,
    unsigned_integer,
    floating,
    numeric,
    boolean,
    bytes,
    jsonb,
    uuid,
    date,
    time,
    timestamp,
    timestamp_tz,
    array,
    other,  ///< text that is no number, with a binary form that is not read here
};

struct Type {
    std::uint32_t oid;
    std::string_view name;
    Nature nature;
};

/// src/include/catalog/pg_type.dat, ascending.
constexpr auto kTypes = std::to_array<Type>({
    {16, "bool", Nature::boolean},
    {17, "bytea", Nature::bytes},
    {18, "char", Nature::text},
    {19, "name", Nature::text},
    {20, "int8", Nature::integer},
    {21, "int2", Nature::integer},
    {23, "int4", Nature::integer},
    {24, "regproc", Nature::unsigned_integer},
    {25, "text", Nature::text},
    {26, "oid", Nature::unsigned_integer},
    {28, "xid", Nature::unsigned_integer},
    {114, "json", Nature::text},
    {142, "xml", Nature::text},
    {194, "pg_node_tree", Nature::text},
    {199, "_json", Nature::array},
    {650, "cidr", Nature::other},
    {700, "float4", Nature::floating},
    {701, "float8", Nature::floating},
    {705, "unknown", Nature::text},
    {790, "money", Nature::other},
    {829, "macaddr", Nature::other},
    {869, "inet", Nature::other},
    {1000, "_bool", Nature::array},
    {1001, "_bytea", Nature::array},
    {1003, "_name", Nature::array},
    {1005, "_int2", Nature::array},
    {1007, "_int4", Nature::array},
    {1009, "_text", Nature::array},
    {1014, "_bpchar", Nature::array},
    {1015, "_varchar", Nature::array},
    {1016, "_int8", Nature::array},
    {1021, "_float4", Nature::array},
    {1022, "_float8", Nature::array},
    {1028, "_oid", Nature::array},
    {1042, "bpchar", Nature::text},
    {1043, "varchar", Nature::text},
    {1082, "date", Nature::date},
    {1083, "time", Nature::time},
    {1114, "timestamp", Nature::timestamp},
    {1115, "_timestamp", Nature::array},
    {1182, "_date", Nature::array},
    {1184, "timestamptz", Nature::timestamp_tz},
    {1185, "_timestamptz", Nature::array},
    {1186, "interval", Nature::other},
    {1231, "_numeric", Nature::array},
    {1266, "timetz", Nature::other},
    {1560, "bit", Nature::other},
    {1562, "varbit", Nature::other},
    {1700, "numeric", Nature::numeric},
    {2205, "regclass", Nature::unsigned_integer},
    {2206, "regtype", Nature::unsigned_integer},
    {2278, "void", Nature::text},
    {2950, "uuid", Nature::uuid},
    {2951, "_uuid", Nature::array},
    {3220, "pg_lsn", Nature::other},
    {3802, "jsonb", Nature::jsonb},
    {3807, "_jsonb", Nature::array},
});
static_assert(std::ranges::is_sorted(kTypes, {}, &Type::oid));

const Type* find_type(std::uint32_t oid) {
    const auto* found = std::ranges::lower_bound(kTypes, oid, {}, &Type::oid);
    return found != kTypes.end() && found->oid == oid ? found : nullptr;
}

Value number(std::string text) {
    return sql::make_value(Value::Kind::number, std::move(text));
}

Value text(std::string text) {
    return sql::make_value(Value::Kind::text, std::move(text));
}

std::optional<Value> integer(ByteView wire) {
    switch (wire.size()) {
        case 2:
            return number(std::to_string(static_cast<std::int16_t>(load_be<std::uint16_t>(wire))));
        case 4:
            return number(std::to_string(static_cast<std::int32_t>(load_be<std::uint32_t>(wire))));
        case 8:
            return number(std::to_string(static_cast<std::int64_t>(load_be<std::uint64_t>(wire))));
        default:
            return std::nullopt;
    }
}

std::optional<Value> floating(ByteView wire) {
    if (wire.size() == 4) {
        return number(fmt::format("{}", std::bit_cast<float>(load_be<std::uint32_t>(wire))));
    }
    if (wire.size() == 8) {
        return number(fmt::format("{}", std::bit_cast<double>(load_be<std::uint64_t>(wire))));
    }
    return std::nullopt;
}

/// numeric_send (utils/adt/numeric.c): digits to the base of 10,000, the weight of the first one, a sign, and
/// how many decimal digits follow the point.
std::optional<Value> numeric(ByteView wire) {
    constexpr int kDigits = 4;
    constexpr int kMostWeight = 0x1000;
    ByteReader reader(wire);
    const auto count = reader.be<std::uint16_t>();
    const auto weight = static_cast<std::int16_t>(reader.be<std::uint16_t>());
    const auto sign = reader.be<std::uint16_t>();
    const auto scale = reader.be<std::uint16_t>();
    if (sign == 0xC000) {
        return number("NaN");
    }
    if (!reader.good() || reader.left() != count * 2U || weight > kMostWeight || scale > 4 * kMostWeight) {
        return std::nullopt;
    }
    const ByteView digits = reader.rest();
    const auto digit = [&](int index) {
        return index >= 0 && index < count
                   ? load_be<std::uint16_t>(digits, static_cast<std::size_t>(index) * 2)
                   : std::uint16_t{0};
    };
    std::string out = sign == 0x4000 ? "-" : "";
    if (weight < 0) {
        out += '0';
    }
    for (int i = 0; i <= weight; ++i) {
        out += i == 0 ? std::to_string(digit(i)) : fmt::format("{:04}", digit(i));
    }
    if (scale > 0) {
        std::string fraction;
        for (int i = weight + 1; fraction.size() < scale; ++i) {
            fraction += fmt::format("{:04}", digit(i));
        }
        static_assert(kDigits == 4);
        out += '.' + fraction.substr(0, scale);
    }
    return text(std::move(out));
}

constexpr std::int64_t kMicroseconds = 1'000'000;

std::string clock_text(std::int64_t microseconds) {
    const std::int64_t seconds = microseconds / kMicroseconds;
    const std::int64_t rest = microseconds % kMicroseconds;
    std::string out = fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if (rest != 0) {
        out += fmt::format(".{:06}", rest);
        out.resize(out.find_last_not_of('0') + 1);
    }
    return out;
}

/// Days since 2000-01-01 (POSTGRES_EPOCH_JDATE).
std::string date_text(std::int64_t days) {
    using std::chrono::sys_days;
    constexpr sys_days kEpoch{std::chrono::year{2000} / 1 / 1};
    const std::chrono::year_month_day date{kEpoch + std::chrono::days(days)};
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

/// Years that std::chrono can tell; what is beyond stays bytes.
constexpr std::int64_t kMostDays = 365 * std::int64_t{20'000};

std::optional<Value> date(ByteView wire) {
    if (wire.size() != 4) {
        return std::nullopt;
    }
    const auto days = static_cast<std::int32_t>(load_be<std::uint32_t>(wire));
    if (days == std::numeric_limits<std::int32_t>::max() ||
        days == std::numeric_limits<std::int32_t>::min()) {
        return text(days > 0 ? "infinity" : "-infinity");
    }
    return std::abs(std::int64_t{days}) > kMostDays ? std::nullopt : std::optional(text(date_text(days)));
}

std::optional<Value> timestamp(ByteView wire, std::string_view zone) {
    constexpr std::int64_t kDay = 86'400 * kMicroseconds;
    if (wire.size() != 8) {
        return std::nullopt;
    }
    const auto since = static_cast<std::int64_t>(load_be<std::uint64_t>(wire));
    if (since == std::numeric_limits<std::int64_t>::max() ||
        since == std::numeric_limits<std::int64_t>::min()) {
        return text(since > 0 ? "infinity" : "-infinity");
    }
    const std::int64_t in_day = (since % kDay + kDay) % kDay;
    const std::int64_t days = since / kDay - (since % kDay < 0 ? 1 : 0);
    if (std::abs(days) > kMostDays) {
        return std::nullopt;
    }
    return text(fmt::format("{} {}{}", date_text(days), clock_text(in_day), zone));
}

std::optional<Value> uuid(ByteView wire) {
    if (wire.size() != 16) {
        return std::nullopt;
    }
    std::string out;
    for (std::size_t i = 0; i < wire.size(); ++i) {
        out += i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "";
        fmt::format_to(std::back_inserter(out), "{:02x}", static_cast<unsigned char>(wire[i]));
    }
    return text(std::move(out));
}

std::optional<Value> decode_binary(ByteView wire, Nature nature, std::size_t max);

/// array_send (utils/adt/arrayfuncs.c), of one dimension: {1,2,NULL}.
std::optional<Value> array(ByteView wire, std::size_t max) {
    ByteReader reader(wire);
    const auto dimensions = reader.be<std::uint32_t>();
    reader.be<std::uint32_t>();  // whether there are nulls
    const Type* const element = find_type(reader.be<std::uint32_t>());
    if (dimensions == 0 && reader.good()) {
        return text("{}");
    }
    const auto count = reader.be<std::uint32_t>();
    reader.be<std::uint32_t>();  // the lower bound
    if (dimensions != 1 || element == nullptr || element->nature == Nature::array || !reader.good()) {
        return std::nullopt;
    }
    std::string out = "{";
    for (std::uint32_t i = 0; i < count && out.size() < max; ++i) {
        out += i == 0 ? "" : ",";
        const auto size = reader.be<std::uint32_t>();
        if (!reader.good()) {
            return std::nullopt;
        }
        if (size == 0xFFFFFFFF) {
            out += "NULL";
            continue;
        }
        const std::optional<Value> value = decode_binary(reader.bytes(size), element->nature, max);
        if (!reader.good() || !value) {
            return std::nullopt;
        }
        const bool quoted = value->kind == Value::Kind::text && element->nature != Nature::numeric &&
                            value->text.find_first_of(",{}\" \\") != std::string::npos;
        out += quoted ? '"' + value->text + '"' : value->text;
    }
    return text(out + '}');
}

/// Nothing when the bytes are no such value, or none whose form is known.
std::optional<Value> decode_binary(ByteView wire, Nature nature, std::size_t max) {
    switch (nature) {
        case Nature::text:
            return sql::make_value(Value::Kind::text, wire, max);
        case Nature::integer:
            return integer(wire);
        case Nature::unsigned_integer:
            return wire.size() == 4 ? std::optional(number(std::to_string(load_be<std::uint32_t>(wire))))
                                    : std::nullopt;
        case Nature::floating:
            return floating(wire);
        case Nature::numeric:
            return numeric(wire);
        case Nature::boolean:
            return wire.size() == 1
                       ? std::optional(sql::make_value(Value::Kind::boolean, wire[0] != 0 ? "true" : "false"))
                       : std::nullopt;
        case Nature::jsonb:  // a version byte in front
            return wire.starts_with('\1')
                       ? std::optional(sql::make_value(Value::Kind::text, wire.substr(1), max))
                       : std::nullopt;
        case Nature::uuid:
            return uuid(wire);
        case Nature::date:
            return date(wire);
        case Nature::time:
            return wire.size() == 8 && static_cast<signed char>(wire[0]) >= 0
                       ? std::optional(
                             text(clock_text(static_cast<std::int64_t>(load_be<std::uint64_t>(wire)))))
                       : std::nullopt;
        case Nature::timestamp:
            return timestamp(wire, "");
        case Nature::timestamp_tz:
            return timestamp(wire, "+00");
        case Nature::array:
            return array(wire, max);
        case Nature::bytes:
        case Nature::other:
            return std::nullopt;
    }
    return std::nullopt;
}

}  // namespace

std::string_view type_name(std::uint32_t oid) {
    const Type* const type = find_type(oid);
    return type == nullptr ? std::string_view() : type->name;
}

sql::Value decode_value(ByteView wire, std::uint32_t oid, Format format, std::size_t max) {
    const Type* const type = find_type(oid);
    if (format == Format::binary) {
        std::optional<Value> value =
            type != nullptr && wire.size() <= max ? decode_binary(wire, type->nature, max) : std::nullopt;
        if (value && value->text.size() <= max) {
            return *std::move(value);
        }
        const bool is_text = type != nullptr && type->nature == Nature::text;
        return sql::make_value(is_text ? Value::Kind::text : Value::Kind::bytes, wire, max);
    }
    const Nature nature = type == nullptr ? Nature::other : type->nature;
    if (nature == Nature::boolean && (wire == "t" || wire == "f")) {
        return sql::make_value(Value::Kind::boolean, wire == "t" ? "true" : "false");
    }
    const bool is_number = (nature == Nature::integer || nature == Nature::floating) && wire.size() <= max;
    return sql::make_value(is_number ? Value::Kind::number : Value::Kind::text, wire, max);
}

}  // namespace sslsniff::postgresql
