#include "protocols/cql/types.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "base/endian.h"
#include "base/text.h"
#include "model/connection.h"
#include "protocols/cql/envelope.h"

namespace sslsniff::cql {
namespace {

using Kind = sql::Value::Kind;

constexpr unsigned kMostDepth = 16;
constexpr std::uint16_t kCustom = 0x00;
constexpr std::uint16_t kAscii = 0x01;
constexpr std::uint16_t kBigint = 0x02;
constexpr std::uint16_t kBlob = 0x03;
constexpr std::uint16_t kBoolean = 0x04;
constexpr std::uint16_t kCounter = 0x05;
constexpr std::uint16_t kDouble = 0x07;
constexpr std::uint16_t kFloat = 0x08;
constexpr std::uint16_t kInt = 0x09;
constexpr std::uint16_t kTimestamp = 0x0B;
constexpr std::uint16_t kUuid = 0x0C;
constexpr std::uint16_t kVarchar = 0x0D;
constexpr std::uint16_t kTimeuuid = 0x0F;
constexpr std::uint16_t kInet = 0x10;
constexpr std::uint16_t kTime = 0x12;
constexpr std::uint16_t kSmallint = 0x13;
constexpr std::uint16_t kTinyint = 0x14;
constexpr std::uint16_t kList = 0x20;
constexpr std::uint16_t kMap = 0x21;
constexpr std::uint16_t kSet = 0x22;
constexpr std::uint16_t kUdt = 0x30;
constexpr std::uint16_t kTuple = 0x31;

struct Name {
    std::uint16_t number;
    std::string_view name;
};
constexpr auto kNames = std::to_array<Name>({
    {kCustom, "custom"},
    {kAscii, "ascii"},
    {kBigint, "bigint"},
    {kBlob, "blob"},
    {kBoolean, "boolean"},
    {kCounter, "counter"},
    {0x06, "decimal"},
    {kDouble, "double"},
    {kFloat, "float"},
    {kInt, "int"},
    {kTimestamp, "timestamp"},
    {kUuid, "uuid"},
    {kVarchar, "varchar"},
    {0x0E, "varint"},
    {kTimeuuid, "timeuuid"},
    {kInet, "inet"},
    {0x11, "date"},
    {kTime, "time"},
    {kSmallint, "smallint"},
    {kTinyint, "tinyint"},
    {0x15, "duration"},
    {kList, "list"},
    {kMap, "map"},
    {kSet, "set"},
    {kUdt, "udt"},
    {kTuple, "tuple"},
});

std::uint16_t read_type_at(ByteReader& reader, unsigned depth) {
    const auto type = reader.be<std::uint16_t>();
    if (depth > kMostDepth || type_name(type).empty()) {
        reader.fail();
        return type;
    }
    std::size_t inner = 0;
    switch (type) {
        case kCustom:
            read_string(reader);
            break;
        case kList:
        case kSet:
            inner = 1;
            break;
        case kMap:
            inner = 2;
            break;
        case kUdt:
            read_string(reader);
            read_string(reader);
            for (std::size_t fields = reader.be<std::uint16_t>(); fields > 0 && reader.good(); --fields) {
                read_string(reader);
                read_type_at(reader, depth + 1);
            }
            break;
        case kTuple:
            inner = reader.be<std::uint16_t>();
            break;
        default:
            break;
    }
    for (; inner > 0 && reader.good(); --inner) {
        read_type_at(reader, depth + 1);
    }
    return type;
}

sql::Value number_of(ByteView bytes) {
    std::int64_t value = 0;
    switch (bytes.size()) {
        case 1:
            value = load_be<std::uint8_t>(bytes);
            value -= value > 0x7F ? 0x100 : 0;
            break;
        case 2:
            value = static_cast<std::int16_t>(load_be<std::uint16_t>(bytes));
            break;
        case 4:
            value = static_cast<std::int32_t>(load_be<std::uint32_t>(bytes));
            break;
        case 8:
            value = static_cast<std::int64_t>(load_be<std::uint64_t>(bytes));
            break;
        default:
            return sql::make_value(Kind::bytes, bytes, bytes.size());
    }
    return sql::make_value(Kind::number, std::to_string(value));
}

std::string uuid_of(ByteView bytes) {
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        out += i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "";
        out += fmt::format("{:02x}", static_cast<std::uint8_t>(bytes[i]));
    }
    return out;
}

std::string inet_of(ByteView bytes) {
    IpAddress address;
    address.family = bytes.size() == 4 ? IpAddress::Family::v4 : IpAddress::Family::v6;
    std::ranges::copy(bytes, address.bytes.begin());
    return to_string(address);
}

}  // namespace

std::uint16_t read_type(ByteReader& reader) {
    return read_type_at(reader, 0);
}

std::string_view type_name(std::uint32_t type) {
    const auto* const found = std::ranges::find(kNames, type, &Name::number);
    return found != kNames.end() ? found->name : std::string_view{};
}

sql::Value read_value(std::uint32_t type, ByteView bytes, std::size_t max) {
    constexpr std::size_t kUuidSize = 16;
    switch (type) {
        case kAscii:
        case kVarchar:
            return sql::make_value(Kind::text, bytes, max);
        case kBigint:
        case kCounter:
        case kInt:
        case kTimestamp:
        case kTime:
        case kSmallint:
        case kTinyint:
            return number_of(bytes);
        case kBoolean:
            return sql::make_value(Kind::boolean, Bytes(bytes == ByteView("\0", 1) ? "false" : "true"));
        case kDouble:
            return bytes.size() == sizeof(double)
                       ? sql::make_value(
                             Kind::number,
                             fmt::format("{}", std::bit_cast<double>(load_be<std::uint64_t>(bytes))))
                       : sql::make_value(Kind::bytes, bytes, max);
        case kFloat:
            return bytes.size() == sizeof(float)
                       ? sql::make_value(
                             Kind::number,
                             fmt::format("{}", std::bit_cast<float>(load_be<std::uint32_t>(bytes))))
                       : sql::make_value(Kind::bytes, bytes, max);
        case kUuid:
        case kTimeuuid:
            return bytes.size() == kUuidSize ? sql::make_value(Kind::text, uuid_of(bytes))
                                             : sql::make_value(Kind::bytes, bytes, max);
        case kInet:
            return bytes.size() == 4 || bytes.size() == kUuidSize
                       ? sql::make_value(Kind::text, inet_of(bytes))
                       : sql::make_value(Kind::bytes, bytes, max);
        case kCustom: {
            const bool is_text =
                is_utf8(bytes) && std::ranges::none_of(bytes, [](char c) {
                    return (c >= 0 && c < ' ' && c != '\n' && c != '\t' && c != '\r') || c == 0x7F;
                });
            return sql::make_value(is_text ? Kind::text : Kind::bytes, bytes, max);
        }
        default:
            return sql::make_value(Kind::bytes, bytes, max);
    }
}

Metadata read_metadata(ByteReader& reader, bool of_markers, bool is_v4) {
    constexpr std::uint32_t kGlobalTable = 0x01;
    constexpr std::uint32_t kHasMorePages = 0x02;
    constexpr std::uint32_t kNoMetadata = 0x04;
    constexpr std::uint32_t kMetadataChanged = 0x08;
    Metadata out;
    const auto flags = reader.be<std::uint32_t>();
    out.column_count = reader.be<std::uint32_t>();
    out.has_more_pages = !of_markers && (flags & kHasMorePages) != 0;
    if (of_markers && is_v4) {
        reader.bytes(std::size_t{reader.be<std::uint32_t>()} * sizeof(std::uint16_t));
    }
    if (out.has_more_pages) {
        read_bytes(reader);  // the state for the next page
    }
    if (!of_markers && (flags & kMetadataChanged) != 0) {
        read_string(reader);
    }
    if ((flags & kNoMetadata) != 0 || !reader.good()) {
        return out;
    }
    if ((flags & kGlobalTable) != 0) {
        out.keyspace = read_string(reader);
        out.table = read_string(reader);
    }
    auto columns = std::make_shared<sql::Columns>();
    for (std::uint32_t i = 0; i < out.column_count && reader.good(); ++i) {
        if ((flags & kGlobalTable) == 0) {
            read_string(reader);
            read_string(reader);
        }
        sql::Column column;
        column.name = read_string(reader);
        column.type = read_type(reader);
        column.type_name = type_name(column.type);
        if (reader.good()) {
            columns->push_back(std::move(column));
        }
    }
    if (reader.good()) {
        out.columns = std::move(columns);
    }
    return out;
}

}  // namespace sslsniff::cql
