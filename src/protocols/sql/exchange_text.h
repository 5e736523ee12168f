#pragma once

#include <string>
#include <string_view>

#include "protocols/sql/exchange.h"

namespace sslsniff::sql {

/// Stands for what passed before the capture began.
inline constexpr std::string_view kUnknown = "<unknown>";

/// What was asked, about 120 bytes: "SELECT name FROM users WHERE id = $1 [42]".
std::string request_line(const SqlExchange::Request& request);
/// What came of it: "2 rows", "INSERT 0 1", "ERROR 42P01 relation does not exist".
std::string response_line(const SqlExchange& exchange);
/// What -v and -vv show.
void write_exchange_details(DetailWriter& writer, const SqlExchange& exchange);

}  // namespace sslsniff::sql
