#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace sslsniff {

/// The word of the command line by which an option gets `value`, for those who have none: `name` is its long
/// name without dashes, "pid", or "filter", for the words without an option. A flag takes no value or "true";
/// "false" needs no word. An error when there is no such option, or it takes another kind of value.
Result<std::optional<std::string>> option_word(const std::string& name,
                                               const std::optional<std::string>& value);

}  // namespace sslsniff
