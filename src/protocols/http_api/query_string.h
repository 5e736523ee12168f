#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sslsniff {

/// The first value of `name` in a target's query, as application/x-www-form-urlencoded has it (WHATWG URL
/// section 5.1), decoded; hostile. Nothing when there is none.
std::optional<std::string> query_value(std::string_view target, std::string_view name);

/// Whether it has `name`, with or without a value.
bool has_query(std::string_view target, std::string_view name);

}  // namespace sslsniff
