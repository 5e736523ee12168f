#pragma once

#include <cstdint>
#include <string_view>

#include "protocols/sql/value.h"

namespace sslsniff::postgresql {

/// How values are written: format codes of Bind, RowDescription and COPY.
enum class Format : std::uint8_t { text, binary };

/// As in pg_type.dat of PostgreSQL 18: "int4"; empty for types that are not built in, or rare.
std::string_view type_name(std::uint32_t oid);

/// A value as it is sent. Text of an unknown type is text; binary forms that are not known here, and those of
/// an unknown type (0), are bytes. At most `max` bytes are kept.
sql::Value decode_value(ByteView wire, std::uint32_t oid, Format format, std::size_t max);

}  // namespace sslsniff::postgresql
