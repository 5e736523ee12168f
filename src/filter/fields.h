#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/exchange.h"
#include "model/transaction.h"

namespace sslsniff {

/// Decides which operators and literals a field takes.
enum class FieldType : std::uint8_t { number, size, duration, text, boolean, address };
std::string_view to_string(FieldType type);

/// A field of --where: docs/json.md without its units in names.
struct FieldSpec {
    std::string_view path;  ///< "request.method"; ending in ".*" it takes any name of a header field there
    FieldType type = FieldType::text;
    std::string_view short_name = {};
};

/// All fields of all protocols. A new protocol adds its own.
std::span<const FieldSpec> filter_fields();

/// A field as named in an expression.
struct Field {
    std::string path;
    FieldType type = FieldType::text;
};
/// By path or short name; nullopt when there is none.
std::optional<Field> find_field(std::string_view name);
/// The known name most like `name`, for messages; empty when none is.
std::string_view similar_field(std::string_view name);

/// What every transaction and connection has, under the paths of filter_fields(): durations in nanoseconds.
void write_common_fields(const Transaction& transaction, FieldWriter& writer);
void write_common_fields(const ConnectionRecord& record, FieldWriter& writer);

}  // namespace sslsniff
