#include "app/named_option.h"

#include <gtest/gtest.h>

#include "app/config_file.h"
#include "app/option_table.h"

namespace sslsniff {
namespace {

using Word = std::optional<std::string>;

Word word(const std::string& name, const std::optional<std::string>& value = std::nullopt) {
    const auto made = option_word(name, value);
    EXPECT_TRUE(made) << made.error().message;
    return made.value_or(std::nullopt);
}

std::string refused(const std::string& name, const std::optional<std::string>& value = std::nullopt) {
    const auto made = option_word(name, value);
    EXPECT_FALSE(made) << name;
    return made ? "" : made.error().message;
}

TEST(NamedOption, BecomesAWordOfTheCommandLine) {
    EXPECT_EQ(word("pid", "42"), "--pid=42");
    EXPECT_EQ(word("where", "status >= 500"), "--where=status >= 500");
    EXPECT_EQ(word("config", "/etc/x.toml"), "--config=/etc/x.toml");
    EXPECT_EQ(word("filter", "tcp port 443"), "tcp port 443");
    EXPECT_EQ(word("all"), "--all");
    EXPECT_EQ(word("all", "true"), "--all");
    EXPECT_EQ(word("all", "false"), std::nullopt);
    EXPECT_EQ(word("verbose", "2"), "--verbose=2");
    EXPECT_EQ(word("verbose", "0"), std::nullopt);
}

TEST(NamedOption, OthersAreErrors) {
    EXPECT_EQ(refused("pidd", "42"), "there is no option 'pidd' (see sslsniff --help)");
    EXPECT_NE(refused("\x1b[1m", "42").find("\\x1b"), std::string::npos);
    refused("");
    refused("help");
    refused("version");
    refused("-p", "42");
    EXPECT_EQ(refused("pid"), "'pid' needs a value");
    refused("pid", "");
    EXPECT_EQ(refused("all", "yes"), "'all' is true or false, not 'yes'");
    EXPECT_EQ(refused("verbose", "3"), "'verbose' is true or false, or 0 to 2, not '3'");
    refused("filter", "--where=x");
}

TEST(NamedOption, KnowsEveryOptionOfTheCommandLine) {
    std::size_t options = 0;
    const auto tables = command_tables();
    for (const auto& row : tables.front().rows) {
        const std::string name = row.names.back().starts_with("--") ? row.names.back().substr(2) : "";
        if (is_configurable(name) && !name.empty()) {
            ++options;
            EXPECT_TRUE(option_word(name, row.value.empty() ? Word() : Word("x"))) << name;
        }
    }
    EXPECT_GT(options, 30U);
}

}  // namespace
}  // namespace sslsniff
