#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/memory.h"
#include "model/exchange.h"

namespace sslsniff::sql {

/// A parameter of a statement, or one column of a row.
struct Value {
    enum class Kind : std::uint8_t {
        null,
        text,     ///< also of what has a type for which nothing better is known here, such as a timestamp
        number,   ///< `text` is a literal of SQL: "-12", "1.5e10", "NaN"
        boolean,  ///< "true" or "false"
        bytes,    ///< `text` is the bytes themselves
        unknown,  ///< it passed before the capture began, or was not kept
    };
    Kind kind = Kind::null;
    Bytes text;              ///< as far as it is kept
    std::uint64_t size = 0;  ///< bytes that `text` would have if all were kept

    bool is_cut() const { return text.size() < size; }
};
using Values = std::vector<Value>;

Value null_value();
/// Of all of `text`.
Value make_value(Value::Kind kind, Bytes text);
/// The first `max` bytes of it.
Value make_value(Value::Kind kind, ByteView text, std::size_t max);

/// Bytes of memory that they hold outside of themselves.
std::size_t held_by(const Values& values);

/// As a literal in a statement: NULL, 42, 'bob', '\x0001'. What is cut ends in an ellipsis; so does what has
/// more than about `max` bytes.
void append_literal(std::string& out, const Value& value, std::size_t max);
/// The same without quotes, for a table.
void append_cell(std::string& out, const Value& value);
/// As a field: null, numbers, booleans and text as such; bytes as "\x0001".
void write_value(FieldWriter& writer, std::string_view key, const Value& value);

}  // namespace sslsniff::sql
