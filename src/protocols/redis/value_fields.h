#pragma once

#include <string_view>

#include "model/exchange.h"
#include "protocols/redis/resp.h"

namespace sslsniff::redis {

/// The value at `index` as a field: strings as text, integers and doubles as numbers, null and booleans as
/// such, arrays, sets and pushes as arrays, maps as arrays of [key, value], errors inside aggregates as
/// {"error": text}. Doubles that are no JSON numbers (inf, nan) and big numbers are text. Returns the index
/// behind it.
std::size_t write_value(FieldWriter& writer, std::string_view key, const RespValue& value, std::size_t index);

/// The value as redis-cli prints it: one line per scalar, aggregates numbered and indented.
void write_tree(DetailWriter& writer, char marker, const RespValue& value);

}  // namespace sslsniff::redis
