#include "app/option_table.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <utility>

#include "app/declared_options.h"
#include "app/option_words.h"
#include "app/raw_options.h"
#include "app/subcommands.h"
#include "model/names.h"

namespace sslsniff {
namespace {

constexpr Names<ValueKind, 6> kKinds{{{ValueKind::output, "FORMAT[:FILE]"},
                                      {ValueKind::file, "FILE"},
                                      {ValueKind::folder, "DIR"},
                                      {ValueKind::pid, "PID"},
                                      {ValueKind::user, "USER"},
                                      {ValueKind::comm, "COMM"}}};

OptionRow row_of(const CLI::Option& option) {
    OptionRow row;
    for (const auto& name : option.get_snames()) {
        row.names.push_back("-" + name);
    }
    for (const auto& name : option.get_lnames()) {
        row.names.push_back("--" + name);
    }
    row.help = option.get_description();
    row.group = option.get_group();
    if (row.names.empty()) {
        row.names.push_back(option.get_name(true));
        row.group.clear();
    }
    const bool takes_value = option.get_expected_min() != 0;
    row.repeatable = option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll && takes_value &&
                     !row.is_argument();
    if (takes_value) {
        row.value = option.get_type_name();
        row.words = words_of(row.names.back(), row.value);
        row.kind =
            value_of(kKinds, row.value).value_or(row.words.empty() ? ValueKind::any : ValueKind::words);
    }
    return row;
}

}  // namespace

std::vector<OptionRow> rows_of(const CLI::App& app) {
    std::vector<OptionRow> rows;
    for (const CLI::Option* option : app.get_options()) {
        rows.push_back(row_of(*option));
    }
    // CLI11 declares help before all others.
    std::ranges::stable_partition(rows, [](const OptionRow& row) { return row.names.back() != "--help"; });
    return rows;
}

std::vector<CommandTable> command_tables() {
    CLI::App app;
    RawOptions raw;
    declare_options(app, raw);
    std::vector<CommandTable> tables{{"", kDescription, rows_of(app)}};
    std::ranges::move(subcommand_tables(), std::back_inserter(tables));
    for (const OutputCommand& command : kOutputCommands) {
        tables.push_back({std::string(command.name), std::string(command.description), tables.front().rows});
    }
    return tables;
}

}  // namespace sslsniff
