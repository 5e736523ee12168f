#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "output/files/file_rules.h"

namespace sslsniff {

/// Whose rights a process has that reads traffic: `name` or number of --user; else of the user "sslsniff",
/// where there is one, else of nobody. Root is refused.
Result<FileOwner> find_reader_user(const std::optional<std::string>& name);

}  // namespace sslsniff
