#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace sslsniff {

struct JsonValue {
    enum class Kind : std::uint8_t { null, boolean, number, string, object, array };
    Kind kind = Kind::null;
    std::string_view text;  ///< of a string, unescaped; of a number, as written; "true" or "false"

    bool is_text() const { return kind == Kind::string; }
    bool is_true() const { return kind == Kind::boolean && text == "true"; }
    /// Of a number: nothing when it is none, has a fraction, or is out of range.
    std::optional<std::int64_t> integer() const;
};

/// Goes through a JSON text (RFC 8259) as far as it is one, which may be cut off, and tells of each value in
/// order, of objects and arrays when they begin. `path` names it by the keys around it, elements of arrays by
/// "[]": "choices[].message.content"; the value at the top has none. What lies deeper than 16, or has a path
/// of more than 512 bytes, is passed over. Linear in `text`, whatever its depth. False when the text is not
/// whole.
bool walk_json(ByteView text, const std::function<void(std::string_view path, const JsonValue& value)>& tell);

}  // namespace sslsniff
