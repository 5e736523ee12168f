#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "app/option_table.h"
#include "model/names.h"

namespace sslsniff {

enum class Shell : std::uint8_t { bash, zsh, fish };

inline constexpr Names<Shell, 3> kShells{{{Shell::bash, "bash"}, {Shell::zsh, "zsh"}, {Shell::fish, "fish"}}};

/// A script that teaches the shell to complete sslsniff's command line: its commands, the options of each,
/// and what they take. Pure: everything comes from the tables (command_tables()).
std::string completion_script(Shell shell, std::span<const CommandTable> tables);

// One for each shell.
std::string bash_completion(std::span<const CommandTable> tables);
std::string zsh_completion(std::span<const CommandTable> tables);
std::string fish_completion(std::span<const CommandTable> tables);

/// `text` between single quotes, as bash and zsh read it.
std::string shell_quoted(std::string_view text);

}  // namespace sslsniff
