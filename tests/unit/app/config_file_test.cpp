#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "app/config_example.h"
#include "app/config_file.h"
#include "app/option_table.h"
#include "app/parse_options.h"

namespace sslsniff {
namespace {

class ConfigFileTest : public testing::Test {
  protected:
    ConfigFileTest() { std::filesystem::create_directories(folder_); }
    ~ConfigFileTest() override { std::filesystem::remove_all(folder_); }

    std::string file(const std::string& text) const {
        const auto path = folder_ / "sslsniff.toml";
        std::ofstream(path) << text;
        return path.string();
    }
    Options accepted(const std::string& text, const std::vector<std::string>& words) const {
        const auto invocation = parse_options(words, file(text));
        if (!invocation) {
            ADD_FAILURE() << invocation.error().message;
            return {};
        }
        return std::get<Options>(*invocation);
    }
    std::string refused(const std::string& text, const std::vector<std::string>& words = {"-a"}) const {
        const auto invocation = parse_options(words, file(text));
        EXPECT_FALSE(invocation.has_value()) << text;
        return invocation ? "" : invocation.error().message;
    }

    std::filesystem::path folder_ =
        std::filesystem::temp_directory_path() / ("sslsniff-config" + std::to_string(::getpid()));
};

TEST_F(ConfigFileTest, GivesOptions) {
    const auto options = accepted(
        "# defaults\n"
        "all = true\n"
        "verbose = 2\n"
        "max-body = \"1k\"\n"
        "count = 7\n"
        "hex = false\n"
        "redact = [\"header:X-Own\", 'a#b, [c] \\d{1,2}']\n"
        "where = 'status >= 500'\n"
        "output = [\"text\", \"json:/tmp/x\"]\n",
        {});
    EXPECT_TRUE(options.capture.whole_host);
    EXPECT_EQ(options.pipeline.settings.verbosity, 2);
    EXPECT_EQ(options.pipeline.max_body, 1024U);
    EXPECT_EQ(options.pipeline.count, 7U);
    EXPECT_FALSE(options.pipeline.settings.hex);
    EXPECT_EQ(options.pipeline.redaction.rules,
              (std::vector<std::string>{"header:X-Own", R"(a#b, [c] \d{1,2})"}));
    EXPECT_EQ(options.pipeline.where, "status >= 500");
    EXPECT_EQ(options.pipeline.outputs.size(), 2U);
}

/// The table's own options, so that none that is added later is left out.
TEST_F(ConfigFileTest, KnowsEveryOption) {
    std::size_t checked = 0;
    const auto table = command_tables().front();
    for (const auto& row : table.rows) {
        const std::string name = row.names.back().substr(2);
        // As the value of each is: what it means, the command line decides.
        const std::string value = row.value.empty() ? "true" : "\"1\"";
        const auto invocation =
            parse_options(std::vector<std::string>{"-a"}, file(name + " = " + value + "\n"));
        const std::string message = invocation ? "" : invocation.error().message;
        if (name == "help" || name == "version" || name == "config") {
            EXPECT_NE(message.find("line 1: there is no option '" + name + "'"), std::string::npos)
                << message;
        } else {
            EXPECT_EQ(message.find("line 1"), std::string::npos) << message;
            ++checked;
        }
    }
    EXPECT_GT(checked, 35U);
}

/// With the comments taken away, which are values that nobody would give but for their form.
TEST_F(ConfigFileTest, ExampleHasEveryOption) {
    const auto table = command_tables().front();
    const auto example = config_example(table);
    EXPECT_TRUE(parse_options(std::vector<std::string>{"-a"}, file(example)).has_value()) << "all comments";
    std::string text;
    for (const char* line = example.c_str(); *line != '\0';) {
        const std::string_view rest(line);
        const auto length = rest.find('\n') + 1;
        const bool is_option = rest.starts_with('#') && rest[1] >= 'a' && rest[1] <= 'z';
        text += rest.substr(is_option ? 1 : 0, length - (is_option ? 1 : 0));
        line += length;
    }
    for (const auto& row : table.rows) {
        const auto name = row.names.back().substr(2);
        EXPECT_EQ(text.find("\n" + name + " = ") != std::string::npos, is_configurable(name)) << name;
    }
    const auto message = refused(text);
    EXPECT_EQ(message.find(", line "), std::string::npos) << message << " is no matter of form";
}

TEST_F(ConfigFileTest, StandsBackBehindTheCommandLine) {
    const std::string text =
        "all = true\noutput = 'json:/tmp/x'\nrotate-size = 10\nmax-body = 10\ntls-only = true\n";
    EXPECT_TRUE(accepted(text, {}).capture.whole_host);
    const auto one = accepted(text, {"-p", "1"});
    EXPECT_FALSE(one.capture.whole_host);
    EXPECT_EQ(one.capture.pids, std::vector<pid_t>{1});
    EXPECT_EQ(one.pipeline.outputs[0].format, "json");
    EXPECT_EQ(one.pipeline.rotation.max_size, 10'000'000U);
    EXPECT_TRUE(accepted("container = ['web']\npod = ['a/b']\n", {"-p", "1"}).capture.containers.empty());
    EXPECT_FALSE(accepted(text, {"--container", "web"}).capture.whole_host);
    const auto recording = accepted(text, {"-r", "x"});
    EXPECT_FALSE(recording.live());
    const auto command = accepted(text, {"--", "true"});
    EXPECT_FALSE(command.capture.whole_host);
    const auto output = accepted(text, {"-o", "text", "--max-body", "20", "--cleartext-only"});
    ASSERT_EQ(output.pipeline.outputs.size(), 1U);
    EXPECT_EQ(output.pipeline.outputs[0].format, "text");
    EXPECT_FALSE(output.pipeline.rotation.any());
    EXPECT_EQ(output.pipeline.max_body, 20U);
    EXPECT_FALSE(output.capture.tls);
    EXPECT_FALSE(accepted("tls = ['go', 'nss,gnutls']\n", {"-a", "--cleartext-only"}).capture.tls);
    EXPECT_TRUE(accepted("cleartext-only = true\n", {"-a", "--tls", "go"}).capture.tls);
    const auto pcapng = accepted(text, {"-w", "out"});
    ASSERT_EQ(pcapng.pipeline.outputs.size(), 1U);
    EXPECT_EQ(pcapng.pipeline.outputs[0].format, "pcapng");
    EXPECT_EQ(accepted("verbose = 2\n", {"-a", "-v"}).pipeline.settings.verbosity, 1);
}

TEST_F(ConfigFileTest, NamesTheLineOfWhatIsWrong) {
    const std::string path = (folder_ / "sslsniff.toml").string();
    EXPECT_EQ(refused("all = true\n\nmax-boddy = 3\n"),
              path + ", line 3: there is no option 'max-boddy' (see sslsniff --help)");
    EXPECT_NE(refused("[output]\nformat = 'json'\n").find("line 1: 'output' is a text in quotes"),
              std::string::npos);
    EXPECT_NE(refused("[service]\nall = true\n").find("line 1: there is no option 'service'"),
              std::string::npos);
    EXPECT_NE(refused("all = true\nall = true\n").find("line 2: "), std::string::npos);
    EXPECT_NE(refused("all = true\nwhere = \"status\n").find("line 2: "), std::string::npos);
    EXPECT_NE(refused("all = 'yes'\n").find("line 1: 'all' is true or false"), std::string::npos);
    EXPECT_NE(refused("verbose = 3\n").find("line 1: 'verbose' is true or false, or 0 to 2"),
              std::string::npos);
    EXPECT_NE(refused("count = 1.5\n").find("line 1: 'count' is a text in quotes or an integer"),
              std::string::npos);
    EXPECT_NE(refused("count = [1]\n").find("line 1: 'count'"), std::string::npos);
    EXPECT_NE(refused("redact = [[1]]\n").find("or a list of them"), std::string::npos);
    EXPECT_NE(refused("p = 1\n").find("there is no option 'p'"), std::string::npos);
    EXPECT_NE(refused("'' = 1\n").find("there is no option ''"), std::string::npos);
    EXPECT_EQ(refused("\"\\u001b[2J\" = 1\n").find('\x1b'), std::string::npos);
    EXPECT_NE(refused("max-body = 'much'\n").find("--max-body: 'much'"), std::string::npos);
    EXPECT_NE(refused("max-body = 'much'\n").find("with the options of " + path), std::string::npos);
    EXPECT_NE(refused("color = ''\n").find("--color"), std::string::npos);
}

TEST_F(ConfigFileTest, MayBeAnotherOne) {
    const auto other = (folder_ / "other.toml").string();
    std::ofstream(other) << "count = 3\n";
    EXPECT_EQ(accepted("count = 4\n", {"-a", "--config", other}).pipeline.count, 3U);
    EXPECT_EQ(accepted("count = 4\n", {"-a", "--config=" + other}).pipeline.count, 3U);
    EXPECT_NE(refused("", {"-a", "--config", "/nowhere/x"})
                  .find("cannot read the configuration file /nowhere/x: No such"),
              std::string::npos);
    EXPECT_NE(refused("", {"-a", "--config", folder_.string()}).find("cannot read"), std::string::npos);
    refused("", {"-a", "--config", ""});
}

TEST_F(ConfigFileTest, NeedNotExist) {
    const std::vector<std::string> words{"-a"};
    EXPECT_TRUE(parse_options(words, "/nowhere/sslsniff.toml").has_value());
    EXPECT_TRUE(parse_options(words).has_value());
    EXPECT_FALSE(parse_options(words, folder_.string()).has_value()) << "a folder is no file";
}

TEST_F(ConfigFileTest, HelpComesFirst) {
    const std::vector<std::string> words{"--help"};
    const auto invocation = parse_options(words, file("nonsense\n"));
    ASSERT_TRUE(invocation.has_value()) << invocation.error().message;
    EXPECT_TRUE(std::holds_alternative<Information>(*invocation));
}

}  // namespace
}  // namespace sslsniff
