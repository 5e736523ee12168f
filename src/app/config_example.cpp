#include "app/config_example.h"

#include <fmt/format.h>

#include "app/config_file.h"

namespace sslsniff {
namespace {

constexpr std::string_view kBeginning =
    R"(# Options of sslsniff for every capture whose command line does not give them: docs/config.md.
# Each line with an option is a comment: take the # away, and put in a value.
)";

std::string value_of(const OptionRow& row) {
    if (row.value.empty()) {
        return "true";
    }
    const std::string value = row.kind == ValueKind::words ? row.words.front() : row.value;
    return row.repeatable ? fmt::format(R"(["{}"])", value) : fmt::format(R"("{}")", value);
}

}  // namespace

std::string config_example(const CommandTable& table) {
    std::string out(kBeginning);
    std::string group;
    for (const auto& row : table.rows) {
        const std::string name = row.names.back().substr(2);
        if (!is_configurable(name)) {
            continue;
        }
        if (row.group != group) {
            group = row.group;
            out += fmt::format("\n## {}\n", group);
        }
        out += fmt::format("\n# {}\n#{} = {}\n", row.help, name, value_of(row));
    }
    return out;
}

}  // namespace sslsniff
