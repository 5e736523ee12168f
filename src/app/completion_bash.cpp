#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <string_view>
#include <vector>

#include "app/completion.h"

namespace sslsniff {
namespace {

/// What comes before the cases: which command it is, and which option the word belongs to. Words are divided
/// at = and : too (COMP_WORDBREAKS).
constexpr std::string_view kBeginning = R"(# bash completion of sslsniff, made by "sslsniff completion bash"
_sslsniff() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} option=${{COMP_WORDS[COMP_CWORD-1]}} command= index
    local IFS=$'\n'
    COMPREPLY=()
    for ((index = 1; index < COMP_CWORD; index++)); do
        if [[ ${{COMP_WORDS[index]}} == -- ]]; then
            # What follows is a command line of its own.
            if declare -F _command_offset >/dev/null; then
                _command_offset $((index + 1))
            elif ((index + 1 == COMP_CWORD)); then
                COMPREPLY=($(compgen -c -- "$word"))
            else
                compopt -o default
            fi
            return
        fi
    done
    if ((COMP_CWORD > 1)); then
        case ${{COMP_WORDS[1]}} in
        {}) command=${{COMP_WORDS[1]}} ;;
        esac
    fi
    if [[ $word == = ]]; then
        word=
    elif [[ $option == = ]]; then
        option=${{COMP_WORDS[COMP_CWORD-2]}}
    elif [[ $word == : || $option == : ]]; then
        # FORMAT:FILE
        [[ $word != : ]] || word=
        compopt -o filenames
        COMPREPLY=($(compgen -f -- "$word"))
        return
    fi
    case $command:$option in
)";

constexpr std::string_view kEnd = R"(    esac
}
complete -F _sslsniff sslsniff
)";

/// Commands that set COMPREPLY to what the option may take.
std::string action_of(const OptionRow& row) {
    constexpr std::string_view kWords = R"(COMPREPLY=($(compgen -W {} -- "$word")))";
    switch (row.kind) {
        case ValueKind::words:
            return fmt::format(kWords, shell_quoted(fmt::format("{}", fmt::join(row.words, "\n"))));
        case ValueKind::output:
            return "compopt -o nospace; " +
                   fmt::format(kWords, shell_quoted(fmt::format("{}", fmt::join(row.words, "\n"))));
        case ValueKind::file:
            return R"(compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")))";
        case ValueKind::folder:
            return R"(compopt -o filenames; COMPREPLY=($(compgen -d -- "$word")))";
        case ValueKind::pid:
            return fmt::format(kWords, R"sh("$(cd /proc && printf '%s\n' [0-9]*)")sh");
        case ValueKind::user:
            return R"(COMPREPLY=($(compgen -u -- "$word")))";
        case ValueKind::comm:
            return fmt::format(kWords, R"sh("$(cat /proc/[0-9]*/comm 2>/dev/null | sort -u)")sh");
        case ValueKind::any:
        case ValueKind::none:
            break;
    }
    return ":";
}

void write_command(const CommandTable& table, std::span<const CommandTable> tables, std::string& out) {
    std::vector<std::string> options;
    std::vector<std::string> words;
    for (const auto& row : table.rows) {
        if (row.is_argument()) {
            words.insert(words.end(), row.words.begin(), row.words.end());
            continue;
        }
        options.insert(options.end(), row.names.begin(), row.names.end());
        if (!row.value.empty()) {
            std::vector<std::string> patterns;
            patterns.reserve(row.names.size());
            for (const auto& name : row.names) {
                patterns.push_back(table.name + ":" + name);
            }
            out += fmt::format("    {}) {} ;;\n", fmt::join(patterns, " | "), action_of(row));
        }
    }
    std::string first;
    if (table.name.empty()) {
        for (const auto& other : tables) {
            if (!other.name.empty()) {
                words.push_back(other.name);
            }
        }
        first = "elif ((COMP_CWORD == 1)); then";
    } else {
        first = "else";
    }
    out += fmt::format(
        "    {}:*)\n"
        "        if [[ $word == -* ]]; then\n"
        "            COMPREPLY=($(compgen -W {} -- \"$word\"))\n"
        "        {}\n"
        "            COMPREPLY=($(compgen -W {} -- \"$word\"))\n"
        "        fi ;;\n",
        table.name, shell_quoted(fmt::format("{}", fmt::join(options, "\n"))), first,
        shell_quoted(fmt::format("{}", fmt::join(words, "\n"))));
}

}  // namespace

std::string bash_completion(std::span<const CommandTable> tables) {
    std::vector<std::string> commands;
    for (const auto& table : tables) {
        if (!table.name.empty()) {
            commands.push_back(table.name);
        }
    }
    std::string out = fmt::format(kBeginning, fmt::join(commands, " | "));
    for (const auto& table : tables) {
        write_command(table, tables, out);
    }
    return out + std::string(kEnd);
}

}  // namespace sslsniff
