#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/messages.h"
#include "app/option_table.h"

namespace sslsniff {

/// Runs `sslsniff doctor ...`, `sslsniff list ...` and the like, and returns the exit status; nothing when
/// the first word is not the name of a subcommand.
std::optional<int> run_subcommand(std::span<const std::string> arguments, Messages& messages);

/// What may follow the name of each.
std::vector<CommandTable> subcommand_tables();

}  // namespace sslsniff
