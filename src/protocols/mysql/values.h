#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "protocols/mysql/packet.h"
#include "protocols/sql/exchange.h"

namespace sslsniff::mysql {

/// Of a column or a parameter: the number of its type, and whether it is unsigned.
struct Type {
    std::uint8_t number = 0;
    bool is_unsigned = false;
};
/// "VARCHAR" ... as enum_field_types (include/field_types.h) without MYSQL_TYPE_; empty: unknown.
std::string_view type_name(std::uint8_t number);

/// Whether a packet is a definition of a column (Protocol::ColumnDefinition41), also with MariaDB's one more
/// text before the fixed part.
bool is_column(ByteView body);
/// Nothing when it is none.
std::optional<sql::Column> read_column(ByteView body);

/// A row of a result, at most `max` bytes of it: of texts (COM_QUERY), or binary (COM_STMT_EXECUTE).
sql::Values read_text_row(ByteView body, const sql::Columns* columns, std::size_t max);
sql::Values read_binary_row(ByteView body, const sql::Columns* columns, std::size_t max);

/// A value in binary; the reader fails for a type that is not known, as its end is not either.
sql::Value take_binary(ByteReader& reader, Type type, std::size_t max);

}  // namespace sslsniff::mysql
