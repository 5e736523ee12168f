#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <string_view>
#include <vector>

#include "app/completion.h"

namespace sslsniff {
namespace {

constexpr std::string_view kBeginning = R"(# fish completion of sslsniff, made by "sslsniff completion fish"
function __sslsniff_command
    set -l words (commandline -opc)
    contains -- -- $words
    and return 1
    set -l command
    if set -q words[2]
        and contains -- $words[2] {}
        set command $words[2]
    end
    test "$command" = "$argv[1]"
end
function __sslsniff_first_word
    set -l words (commandline -opc)
    test (count $words) -eq 1
end
function __sslsniff_after_separator
    contains -- -- (commandline -opc)
end
function __sslsniff_comms
    cat /proc/[0-9]*/comm 2>/dev/null | sort -u
end
function __sslsniff_command_line
    set -l words (commandline -opc) (commandline -ct)
    set -l separator (contains -i -- -- $words)
    complete -C (string join ' ' -- (string escape -- $words[(math $separator + 1)..-1]))
end
complete -c sslsniff -f
complete -c sslsniff -n __sslsniff_after_separator -a '(__sslsniff_command_line)'
)";

/// Between single quotes, where fish knows \\ and \'.
std::string quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') {
            out += '\\';
        }
        out += c;
    }
    return out + "'";
}

std::string action_of(const OptionRow& row) {
    switch (row.kind) {
        case ValueKind::words:
            return fmt::format(" -x -a {}", quoted(fmt::format("{}", fmt::join(row.words, " "))));
        case ValueKind::output:
            // After a colon, fish offers files by itself.
            return fmt::format(" -r -F -a {}", quoted(fmt::format("{}", fmt::join(row.words, " "))));
        case ValueKind::file:
            return " -r -F";
        case ValueKind::folder:
            return " -x -a '(__fish_complete_directories)'";
        case ValueKind::pid:
            return " -x -a '(__fish_complete_pids)'";
        case ValueKind::user:
            return " -x -a '(__fish_complete_users)'";
        case ValueKind::comm:
            return " -x -a '(__sslsniff_comms)'";
        case ValueKind::any:
            return " -x";
        case ValueKind::none:
            break;
    }
    return "";
}

std::string line_of(const OptionRow& row, const std::string& condition) {
    std::string out = fmt::format("complete -c sslsniff -n {}", quoted(condition));
    if (row.is_argument()) {
        return out + fmt::format(" -f -a {}\n", quoted(fmt::format("{}", fmt::join(row.words, " "))));
    }
    for (const auto& name : row.names) {
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    return out + fmt::format("{} -d {}\n", action_of(row), quoted(row.help));
}

}  // namespace

std::string fish_completion(std::span<const CommandTable> tables) {
    std::vector<std::string> commands;
    for (const auto& table : tables.subspan(1)) {
        commands.push_back(table.name);
    }
    std::string out = fmt::format(kBeginning, fmt::join(commands, " "));
    for (const auto& table : tables) {
        for (const auto& row : table.rows) {
            out += line_of(row,
                           table.name.empty() ? "__sslsniff_command ''" : "__sslsniff_command " + table.name);
        }
        if (!table.name.empty()) {
            out += fmt::format("complete -c sslsniff -n __sslsniff_first_word -a {} -d {}\n", table.name,
                               quoted(table.description));
        }
    }
    return out;
}

}  // namespace sslsniff
