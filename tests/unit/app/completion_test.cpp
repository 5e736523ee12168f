#include "app/completion.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>

#include "app/manual.h"
#include "app/option_table.h"
#include "app/parse_options.h"

namespace sslsniff {
namespace {

std::vector<CommandTable> tables() {
    return command_tables();
}

const OptionRow* find_row(const CommandTable& table, std::string_view name) {
    const auto found = std::ranges::find_if(table.rows, [&](const OptionRow& row) {
        return std::ranges::find(row.names, name) != row.names.end();
    });
    return found != table.rows.end() ? &*found : nullptr;
}

/// `text` between characters that can be no part of a name.
bool has_word(const std::string& text, const std::string& word) {
    const auto is_part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-'; };
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
        const bool begins = at == 0 || !is_part(text[at - 1]);
        const bool ends = at + word.size() == text.size() || !is_part(text[at + word.size()]);
        if (begins && ends) {
            return true;
        }
    }
    return false;
}

TEST(OptionTable, SaysWhatIsDeclared) {
    const auto all = tables();
    ASSERT_EQ(all.size(), 9U);
    EXPECT_TRUE(all[0].name.empty());
    const auto* pid = find_row(all[0], "--pid");
    ASSERT_NE(pid, nullptr);
    EXPECT_EQ(pid->names, (std::vector<std::string>{"-p", "--pid"}));
    EXPECT_EQ(pid->value, "PID");
    EXPECT_EQ(pid->kind, ValueKind::pid);
    EXPECT_TRUE(pid->repeatable);
    EXPECT_EQ(pid->group, "What to capture");
    const auto* all_of_host = find_row(all[0], "--all");
    ASSERT_NE(all_of_host, nullptr);
    EXPECT_EQ(all_of_host->kind, ValueKind::none);
    EXPECT_FALSE(all_of_host->repeatable);
    const auto completion = std::ranges::find(all, "completion", &CommandTable::name);
    ASSERT_NE(completion, all.end());
    const auto* shell = find_row(*completion, "SHELL");
    ASSERT_NE(shell, nullptr);
    EXPECT_TRUE(shell->is_argument());
    EXPECT_EQ(shell->words, (std::vector<std::string>{"bash", "zsh", "fish"}));
}

TEST(OptionTable, NamesEveryOptionOfTheHelp) {
    const std::vector<std::string> arguments{"--help"};
    const auto help = parse_options(arguments);
    ASSERT_TRUE(help.has_value());
    const auto& text = std::get<Information>(*help).text;
    const auto table = tables().front();
    for (auto at = text.find("--"); at != std::string::npos; at = text.find("--", at + 2)) {
        const auto end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", at);
        const auto name = text.substr(at, end - at);
        if (name.size() > 2 && name != "--descriptor") {  // of protoc
            EXPECT_NE(find_row(table, name), nullptr) << name;
        }
    }
}

TEST(OptionTable, WordsAreAccepted) {
    std::size_t checked = 0;
    const auto table = tables().front();
    for (const auto& row : table.rows) {
        for (const auto& word : row.words) {
            const std::vector<std::string> arguments{"-a", row.names.back(), word};
            const auto invocation = parse_options(arguments);
            EXPECT_TRUE(invocation.has_value()) << row.names.back() << ' ' << word;
            ++checked;
        }
    }
    EXPECT_GT(checked, 15U);
}

TEST(Completion, HasEveryOptionOfEveryCommand) {
    for (const auto& [shell, name] : kShells) {
        const auto script = completion_script(shell, tables());
        for (const auto& table : tables()) {
            EXPECT_TRUE(has_word(script, table.name)) << name;
            for (const auto& row : table.rows) {
                for (const auto& option : row.names) {
                    const auto word = shell != Shell::fish       ? option
                                      : option.starts_with("--") ? "-l " + option.substr(2)
                                                                 : "-s " + option.substr(1);
                    EXPECT_TRUE(row.is_argument() || has_word(script, word)) << name << ' ' << option;
                }
                for (const auto& word : row.words) {
                    EXPECT_TRUE(has_word(script, word)) << name << ' ' << word;
                }
            }
        }
    }
}

/// Help texts with everything that means something to a shell.
TEST(Completion, QuotesWhatItShows) {
    OptionRow row;
    row.names = {"--odd"};
    row.value = "A:B";
    row.kind = ValueKind::any;
    row.help = R"(it's [a] "$x" \ `y`: z)";
    const std::vector<CommandTable> odd{{"", "", {row}}, {"sub", R"(sub's "d": \)", {row}}};
    EXPECT_NE(zsh_completion(odd).find(R"('--odd=[it'\''s \[a\] "$x" \\ `y`\: z]:A\:B: ')"),
              std::string::npos)
        << zsh_completion(odd);
    EXPECT_NE(fish_completion(odd).find(R"(-d 'it\'s [a] "$x" \\ `y`: z')"), std::string::npos)
        << fish_completion(odd);
    EXPECT_EQ(shell_quoted("a'b"), R"('a'\''b')");
}

TEST(Manual, HasEveryOptionOfEveryCommand) {
    const auto source = manual_source(tables());
    EXPECT_TRUE(source.starts_with("sslsniff(1) "));
    for (const auto& table : tables()) {
        EXPECT_NE(source.find("sslsniff " + table.name), std::string::npos);
        for (const auto& row : table.rows) {
            for (const auto& name : row.names) {
                std::string escaped;
                for (const char c : name) {
                    escaped += c == '-' ? "\\-" : std::string(1, c);
                }
                EXPECT_NE(source.find("*" + escaped + "*"), std::string::npos) << name;
            }
        }
    }
}

}  // namespace
}  // namespace sslsniff
