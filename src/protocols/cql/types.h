#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "protocols/byte_reader.h"
#include "protocols/sql/exchange.h"

namespace sslsniff::cql {

/// Takes a type ([option], section 4.2.5.2) with the types in it; returns its number. Fails for one that
/// nobody knows, or that is too deep.
std::uint16_t read_type(ByteReader& reader);
/// "int"; empty when there is none of that number.
std::string_view type_name(std::uint32_t type);

/// A value of a type (section 6), of which `max` bytes are kept. 0 is a type that is not known: text if it
/// looks like it, else bytes.
sql::Value read_value(std::uint32_t type, ByteView bytes, std::size_t max);

/// What a metadata block says of rows or of a statement's markers.
struct Metadata {
    std::shared_ptr<const sql::Columns> columns;  ///< null: it leaves them out
    std::uint32_t column_count = 0;
    bool has_more_pages = false;
    Bytes keyspace;  ///< and table, where all columns have the same
    Bytes table;
};
/// Takes one (section 4.2.5.2). `of_markers`: a statement's, which has partition key indices from version 4
/// on, with `is_v4`.
Metadata read_metadata(ByteReader& reader, bool of_markers, bool is_v4);

}  // namespace sslsniff::cql
