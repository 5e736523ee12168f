#pragma once

#include <optional>
#include <span>
#include <string>

#include "app/messages.h"

namespace sslsniff {

/// Runs `sslsniff doctor ...` or `sslsniff list ...` and returns the exit status; nothing when the first word
/// names neither.
std::optional<int> run_subcommand(std::span<const std::string> arguments, Messages& messages);

}  // namespace sslsniff
