#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sslsniff {

/// What the value of an option is, for those who complete it.
enum class ValueKind : std::uint8_t { none, any, words, output, file, folder, pid, user, comm };

/// An option or argument of a command, as it is declared.
struct OptionRow {
    std::vector<std::string> names;  ///< "-p", "--pid": short ones first; of an argument one, without a dash
    std::string value;               ///< what it takes, "PID"; empty: nothing
    ValueKind kind = ValueKind::none;
    std::vector<std::string> words;  ///< what it may take, where it takes nothing else
    std::string help;                ///< a phrase without a full stop
    std::string group;               ///< the heading it belongs to; empty for an argument
    bool repeatable = false;

    bool is_argument() const { return !names.front().starts_with('-'); }
};

/// sslsniff itself, or one of the commands that its first word may be.
struct CommandTable {
    std::string name;  ///< empty: sslsniff itself
    std::string description;
    std::vector<OptionRow> rows;
};

/// Everything that may stand on the command line: sslsniff itself first. What --help shows, completions and
/// the manual page are made of the same declarations.
std::vector<CommandTable> command_tables();

}  // namespace sslsniff
