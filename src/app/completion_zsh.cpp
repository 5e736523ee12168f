#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <string_view>
#include <vector>

#include "app/completion.h"

namespace sslsniff {
namespace {

constexpr std::string_view kBeginning = R"zsh(#compdef sslsniff
# made by "sslsniff completion zsh"

_sslsniff_outputs() {
    if compset -P '*:'; then
        _files
    else
        compadd -S '' "$@"
    fi
}

_sslsniff_pids() {
    local -a pids
    pids=(/proc/<->(N:t))
    compadd "$@" -- $pids
}

_sslsniff_comms() {
    local -aU comms
    comms=(${(f)"$(cat /proc/<->/comm 2>/dev/null)"})
    compadd "$@" -- $comms
}

_sslsniff() {
    local curcontext=$curcontext state line separator=${words[(i)--]}
    typeset -A opt_args
    if ((separator < CURRENT)); then
        # What follows is a command line of its own.
        shift $separator words
        ((CURRENT -= separator))
        _normal
        return
    fi
    if ((CURRENT > 2)); then
        case $words[2] in
)zsh";

constexpr std::string_view kEnd = R"(}

if [[ $funcstack[1] == _sslsniff ]]; then
    _sslsniff "$@"
else
    compdef _sslsniff sslsniff
fi
)";

std::string escaped(std::string_view text, std::string_view special) {
    std::string out;
    for (const char c : text) {
        if (special.contains(c)) {
            out += '\\';
        }
        out += c;
    }
    return out;
}

std::string action_of(const OptionRow& row) {
    switch (row.kind) {
        case ValueKind::words:
            return fmt::format("({})", fmt::join(row.words, " "));
        case ValueKind::output:
            return fmt::format("_sslsniff_outputs {}", fmt::join(row.words, " "));
        case ValueKind::file:
            return "_files";
        case ValueKind::folder:
            return "_files -/";
        case ValueKind::pid:
            return "_sslsniff_pids";
        case ValueKind::user:
            return "_users";
        case ValueKind::comm:
            return "_sslsniff_comms";
        case ValueKind::any:
        case ValueKind::none:
            break;
    }
    return " ";
}

/// The specifications of _arguments for one row, one for each name.
std::vector<std::string> specs_of(const OptionRow& row) {
    if (row.is_argument()) {
        return {fmt::format("1:{}:{}", escaped(row.help, "\\:"), action_of(row))};
    }
    std::vector<std::string> specs;
    for (const auto& name : row.names) {
        const bool once = !row.repeatable && row.names.back() != "--verbose";
        std::string spec = once && row.names.size() > 1 ? fmt::format("({})", fmt::join(row.names, " "))
                           : once                       ? ""
                                                        : "*";
        spec += name;
        if (!row.value.empty()) {
            spec += name.starts_with("--") ? "=" : "+";
        }
        spec += fmt::format("[{}]", escaped(row.help, "\\[]:"));
        if (!row.value.empty()) {
            spec += fmt::format(":{}:{}", escaped(row.value, "\\:"), action_of(row));
        }
        specs.push_back(std::move(spec));
    }
    return specs;
}

/// A call of _arguments for `table`, in lines that begin with `indent`.
std::string arguments_of(const CommandTable& table, std::string_view indent) {
    std::string out = fmt::format("{}_arguments -s", indent);
    for (const auto& row : table.rows) {
        for (const auto& spec : specs_of(row)) {
            out += fmt::format(" \\\n{}    {}", indent, shell_quoted(spec));
        }
    }
    return out;
}

}  // namespace

std::string zsh_completion(std::span<const CommandTable> tables) {
    std::string out(kBeginning);
    std::vector<std::string> commands;
    for (const auto& table : tables.subspan(1)) {
        out += fmt::format(
            "        {})\n            shift words\n            ((CURRENT--))\n{}\n            return ;;\n",
            table.name, arguments_of(table, "            "));
        commands.push_back(fmt::format(R"({}\:"{}")", table.name, escaped(table.description, "\\:\"")));
    }
    out += "        esac\n    fi\n";
    out += arguments_of(tables.front(), "    ");
    out += fmt::format(" \\\n        {} \\\n        '*:filter: '\n",
                       shell_quoted(fmt::format("1::command or filter:(({}))", fmt::join(commands, " "))));
    return out + std::string(kEnd);
}

}  // namespace sslsniff
