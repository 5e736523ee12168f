#include "protocols/mysql/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace sslsniff::mysql {
namespace {

using sql::Value;

enum class Nature : std::uint8_t { integer, floating, text, bytes, date, time, null };

struct TypeInfo {
    std::uint8_t number;
    std::string_view name;
    Nature nature;
    std::size_t size = 0;  ///< of integers and floating-point numbers
};

/// include/field_types.h
constexpr auto kTypes = std::to_array<TypeInfo>({
    {0x00, "DECIMAL", Nature::text},        {0x01, "TINY", Nature::integer, 1},
    {0x02, "SHORT", Nature::integer, 2},    {0x03, "LONG", Nature::integer, 4},
    {0x04, "FLOAT", Nature::floating, 4},   {0x05, "DOUBLE", Nature::floating, 8},
    {0x06, "NULL", Nature::null},           {0x07, "TIMESTAMP", Nature::date},
    {0x08, "LONGLONG", Nature::integer, 8}, {0x09, "INT24", Nature::integer, 4},
    {0x0A, "DATE", Nature::date},           {0x0B, "TIME", Nature::time},
    {0x0C, "DATETIME", Nature::date},       {0x0D, "YEAR", Nature::integer, 2},
    {0x0F, "VARCHAR", Nature::text},        {0x10, "BIT", Nature::bytes},
    {0xF5, "JSON", Nature::text},           {0xF6, "NEWDECIMAL", Nature::text},
    {0xF7, "ENUM", Nature::text},           {0xF8, "SET", Nature::text},
    {0xF9, "TINY_BLOB", Nature::text},      {0xFA, "MEDIUM_BLOB", Nature::text},
    {0xFB, "LONG_BLOB", Nature::text},      {0xFC, "BLOB", Nature::text},
    {0xFD, "VAR_STRING", Nature::text},     {0xFE, "STRING", Nature::text},
    {0xFF, "GEOMETRY", Nature::bytes},
});

const TypeInfo* find_type(std::uint8_t number) {
    const auto* found = std::ranges::find(kTypes, number, &TypeInfo::number);
    return found == kTypes.end() ? nullptr : found;
}

Value number(std::string text) {
    return sql::make_value(Value::Kind::number, std::move(text));
}

Value take_integer(ByteReader& reader, std::size_t size, bool is_unsigned) {
    const ByteView wire = reader.bytes(size);
    if (!reader.good()) {
        return {};
    }
    std::uint64_t value = 0;
    for (std::size_t i = size; i-- > 0;) {
        value = value << 8U | static_cast<std::uint8_t>(wire[i]);
    }
    if (is_unsigned) {
        return number(std::to_string(value));
    }
    const unsigned unused = 64 - 8 * static_cast<unsigned>(size);
    return number(std::to_string(static_cast<std::int64_t>(value << unused) >> unused));
}

/// Year, month, day, then hour, minute, second, then microseconds: as many as the length says.
Value take_date(ByteReader& reader) {
    ByteReader part(reader.bytes(reader.u8()));
    const std::size_t size = part.left();
    const unsigned year = part.le<std::uint16_t>();
    const unsigned month = part.u8();
    const unsigned day = part.u8();
    std::string out = size == 0 ? "0000-00-00" : fmt::format("{:04}-{:02}-{:02}", year, month, day);
    if (size > 4) {
        const unsigned hour = part.u8();
        const unsigned minute = part.u8();
        out += fmt::format(" {:02}:{:02}:{:02}", hour, minute, part.u8());
    }
    if (size > 7) {
        out += fmt::format(".{:06}", part.le<std::uint32_t>());
    }
    return sql::make_value(Value::Kind::text, std::move(out));
}

/// Sign, days, hour, minute, second, then microseconds.
Value take_time(ByteReader& reader) {
    ByteReader part(reader.bytes(reader.u8()));
    const std::size_t size = part.left();
    const bool negative = part.u8() != 0;
    const std::uint64_t days = part.le<std::uint32_t>();
    const std::uint64_t hours = days * 24 + part.u8();
    const unsigned minute = part.u8();
    std::string out = size == 0
                          ? "00:00:00"
                          : fmt::format("{}{:02}:{:02}:{:02}", negative ? "-" : "", hours, minute, part.u8());
    if (size > 8) {
        out += fmt::format(".{:06}", part.le<std::uint32_t>());
    }
    return sql::make_value(Value::Kind::text, std::move(out));
}

constexpr std::uint32_t kBinaryCharset = 63;

Value::Kind kind_of_text(ByteView text) {
    const bool zero = text.find('\0') != ByteView::npos;
    return zero ? Value::Kind::bytes : Value::Kind::text;
}

}  // namespace

std::string_view type_name(std::uint8_t number) {
    const TypeInfo* const type = find_type(number);
    return type == nullptr ? std::string_view() : type->name;
}

bool is_column(ByteView body) {
    constexpr std::size_t kFixed = 13;  // its length (0C) and what it covers
    constexpr int kTexts = 6;
    ByteReader reader(body);
    for (int i = 0; i < kTexts; ++i) {
        take_text(reader);
    }
    if (reader.left() > kFixed) {
        take_text(reader);  // MARIADB_CLIENT_EXTENDED_METADATA
    }
    return reader.good() && reader.left() >= kFixed && reader.peek() == 0x0C;
}

std::optional<sql::Column> read_column(ByteView body) {
    constexpr std::uint16_t kUnsigned = 0x20;
    if (!is_column(body)) {
        return std::nullopt;
    }
    ByteReader reader(body);
    for (int i = 0; i < 4; ++i) {
        take_text(reader);  // catalog, schema, table, original table
    }
    sql::Column column;
    column.name = take_text(reader);
    take_text(reader);
    if (reader.left() > 13) {
        take_text(reader);
    }
    reader.u8();
    const std::uint32_t charset = reader.le<std::uint16_t>();
    reader.le<std::uint32_t>();
    column.type = reader.u8();
    column.type_name = type_name(static_cast<std::uint8_t>(column.type));
    column.format = (reader.le<std::uint16_t>() & kUnsigned) != 0 ? 1 : 0;
    const bool binary = charset == kBinaryCharset && column.type >= 0xF9;
    column.type_name = binary && column.type <= 0xFC ? "BLOB" : column.type_name;
    return column;
}

sql::Values read_text_row(ByteView body, const sql::Columns* columns, std::size_t max) {
    ByteReader reader(body);
    sql::Values row;
    while (reader.left() > 0) {
        if (reader.peek() == 0xFB) {
            reader.u8();
            row.push_back(sql::null_value());
            continue;
        }
        const std::uint64_t size = take_number(reader);
        const bool cut = size > reader.left();
        if (!reader.good()) {
            break;
        }
        const ByteView text = cut ? reader.rest() : reader.bytes(size);
        const std::size_t index = row.size();
        const TypeInfo* const type = columns != nullptr && index < columns->size()
                                         ? find_type(static_cast<std::uint8_t>((*columns)[index].type))
                                         : nullptr;
        const bool is_number = type != nullptr && !cut && text.size() <= max &&
                               (type->nature == Nature::integer || type->nature == Nature::floating);
        row.push_back(sql::make_value(is_number ? Value::Kind::number : kind_of_text(text), text, max));
        row.back().size = std::max(row.back().size, size);
        max -= std::min(max, row.back().text.size());
    }
    return row;
}

sql::Value take_binary(ByteReader& reader, Type type, std::size_t max) {
    const TypeInfo* const info = find_type(type.number);
    if (info == nullptr) {
        reader.fail();
        return {Value::Kind::unknown, {}, 0};
    }
    switch (info->nature) {
        case Nature::integer:
            return take_integer(reader, info->size, type.is_unsigned);
        case Nature::floating: {
            const bool twice = info->size == 8;
            const double value = twice ? std::bit_cast<double>(reader.le<std::uint64_t>()) : 0.0;
            return number(twice ? fmt::format("{}", value)
                                : fmt::format("{}", std::bit_cast<float>(reader.le<std::uint32_t>())));
        }
        case Nature::date:
            return take_date(reader);
        case Nature::time:
            return take_time(reader);
        case Nature::null:
            return sql::null_value();
        case Nature::text:
        case Nature::bytes:
            break;
    }
    const std::uint64_t size = take_number(reader);
    const bool cut = size > reader.left();
    const ByteView text = cut ? reader.rest() : reader.bytes(size);
    const bool bytes = info->nature == Nature::bytes;
    Value value = sql::make_value(bytes ? Value::Kind::bytes : kind_of_text(text), text, max);
    value.size = std::max(value.size, size);
    return value;
}

sql::Values read_binary_row(ByteView body, const sql::Columns* columns, std::size_t max) {
    sql::Values row;
    if (columns == nullptr) {
        return row;
    }
    constexpr std::size_t kFirstBit = 2;
    ByteReader reader(body);
    reader.u8();
    const ByteView nulls = reader.bytes((columns->size() + kFirstBit + 7) / 8);
    for (std::size_t i = 0; i < columns->size() && reader.good(); ++i) {
        const std::size_t bit = i + kFirstBit;
        if ((static_cast<std::uint8_t>(nulls[bit / 8]) >> (bit % 8) & 1U) != 0) {
            row.push_back(sql::null_value());
            continue;
        }
        const sql::Column& column = (*columns)[i];
        Value value = take_binary(reader, {static_cast<std::uint8_t>(column.type), column.format != 0}, max);
        if (reader.good()) {
            max -= std::min(max, value.text.size());
            row.push_back(std::move(value));
        }
    }
    return row;
}

}  // namespace sslsniff::mysql
