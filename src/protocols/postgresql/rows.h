#pragma once

#include <memory>
#include <optional>

#include "protocols/postgresql/message.h"
#include "protocols/postgresql/prepared.h"
#include "protocols/postgresql/requests.h"

namespace sslsniff::postgresql {

/// RowDescription; null when the body is cut, as later columns would be missing.
std::shared_ptr<const sql::Columns> read_columns(const Message& message);

/// DataRow, at most `max` bytes of it. Without columns, types are not known; without `formats`, those of the
/// columns apply, and without either nobody knows how the values are written: they are bytes.
sql::Values read_row(ByteView body, const sql::Columns* columns,
                     const std::optional<std::vector<std::uint16_t>>& formats, std::size_t max);

/// Values of Bind, by the types of its statement.
std::shared_ptr<const sql::Values> decode_parameters(const std::vector<RawValue>& values,
                                                     const std::vector<std::uint32_t>& types);

/// The number that a command tag ends with: "INSERT 0 5", "SELECT 5".
std::optional<std::uint64_t> count_of(ByteView tag);

}  // namespace sslsniff::postgresql
