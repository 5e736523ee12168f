#include "app/raw_options.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

#include "app/config_file.h"
#include "app/declared_options.h"
#include "base/system_error.h"
#include "base/text.h"
#include "base/unique_fd.h"

namespace sslsniff {
namespace {

constexpr const char* kUsage =
    "Usage: sslsniff [OPTIONS] -p PID | -c COMM | -u USER | -a | -r FILE [FILTER]\n"
    "       sslsniff [OPTIONS] -- COMMAND [ARG...]\n"
    "       sslsniff stat [OPTIONS] ...          rate, errors and latency instead of transactions\n"
    "       sslsniff top [OPTIONS] ...           the same on the whole terminal, as it happens\n"
    "       sslsniff list|doctor [-p PID]\n"
    "       sslsniff stats [PID] [stop|start|set ...]   of a capture that runs\n"
    "       sslsniff completion bash|zsh|fish\n"
    "       sslsniff config|manual\n";
/// CLI11's help with a usage of our own.
class HelpFormatter final : public CLI::Formatter {
  public:
    HelpFormatter() { column_width(32); }
    std::string make_usage(const CLI::App* /*app*/, std::string /*name*/) const override { return kUsage; }
    std::string make_option_opts(const CLI::Option* option) const override {
        return option->get_type_size() == 0 ? "" : " " + option->get_type_name();
    }
};

std::string help_of(const CLI::App& app) {
    std::string text = app.help();
    for (auto at = text.find("\n\n\n"); at != std::string::npos; at = text.find("\n\n\n")) {
        text.erase(at, 1);
    }
    return text;
}

struct Habit {
    std::string_view option;
    std::string_view hint;
};

/// What those who come from tcpdump, strace or curl type.
constexpr std::array<Habit, 7> kHabits{{
    {"-i",
     "processes are captured, not interfaces: -a is the whole host, and a filter like 'host 10.0.0.1' limits "
     "it"},
    {"-D", "sslsniff list shows what can be captured"},
    {"-A", "-v shows headers, -vv bodies"},
    {"-X", "-x shows bodies as hex dump"},
    {"-l", "output is never buffered for long"},
    {"-f", "children are captured too, unless --no-children is given"},
    {"-e", "--where shows only some transactions (docs/filters.md)"},
}};

/// Words without an option are a pcap-filter expression, as for tcpdump.
Result<std::string> filter_expression(const std::vector<std::string>& words) {
    for (const auto& word : words) {
        if (word.starts_with('-')) {
            const auto* habit = std::ranges::find(kHabits, word.substr(0, 2), &Habit::option);
            return fail(
                ErrorKind::usage,
                fmt::format("there is no option {} ({})", printable(word),
                            habit != kHabits.end() && !word.starts_with("--") ? habit->hint : "see --help"));
        }
    }
    return fmt::format("{}", fmt::join(words, " "));
}

/// `message` begins with the long name of an option: "--pid: 1 required PID missing".
std::string missing_value(const CLI::App& app, std::string_view message) {
    const std::string name(message.substr(0, message.find(':')));
    const CLI::Option* option = app.get_option_no_throw(name);
    if (option == nullptr) {
        return fmt::format("{} needs a value (see --help)", printable(name));
    }
    const bool is_count = option->check_name("-n");
    return fmt::format("{} needs a value, {} ({})", option->get_name(false, true), option->get_type_name(),
                       is_count ? "to leave out names: --no-names" : "see --help");
}

/// An empty value is a variable that was not set, hardly ever what was meant.
Result<void> refuse_empty_values(std::span<const std::string> words) {
    for (const auto& word : words) {
        if (word.starts_with("--") && word.ends_with('=')) {
            return fail(ErrorKind::usage, fmt::format("{} has no value: give it one", printable(word)));
        }
    }
    return {};
}

std::unexpected<Error> unreadable(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const std::string reason = file ? "Is not a file" : error_text(errno);
    return fail(ErrorKind::usage,
                fmt::format("cannot read the configuration file {}: {}", printable(path), reason));
}

/// The default file is given like any other where it exists: what CLI11 makes of defaults depends on its
/// version.
bool needs_default(std::span<const std::string> words, const std::string& default_config) {
    return !default_config.empty() && ::access(default_config.c_str(), F_OK) == 0 &&
           std::ranges::none_of(words, [](const std::string& word) {
               return word == "--config" || word.starts_with("--config=");
           });
}

}  // namespace

Result<std::variant<RawOptions, Information>> read_words(std::span<const std::string> words,
                                                         const std::string& default_config) {
    RawOptions raw;
    const auto* const face =
        words.empty()
            ? kOutputCommands.end()
            : std::ranges::find(kOutputCommands, std::string_view(words.front()), &OutputCommand::name);
    if (face != kOutputCommands.end()) {
        raw.face = face->name;
        words = words.subspan(1);
    }
    const auto separator = std::ranges::find(words, "--");
    if (separator != words.end()) {
        raw.options.capture.command.assign(separator + 1, words.end());
        if (raw.options.capture.command.empty()) {
            return fail(ErrorKind::usage, "no command after --");
        }
    }
    if (auto refused = refuse_empty_values({words.begin(), separator}); !refused) {
        return std::unexpected(refused.error());
    }
    CLI::App app(kDescription, "sslsniff");
    app.formatter(std::make_shared<HelpFormatter>());
    app.footer(fmt::format("Examples:\n{}", kExamples));
    app.allow_extras();
    declare_options(app, raw);
    std::string config_error;
    app.config_formatter(std::make_shared<ConfigFile>(app, config_error, separator != words.end()));
    CLI::Option* config = app.get_config_ptr();
    try {
        // CLI11 takes the words in reverse.
        std::vector<std::string> reversed(std::make_reverse_iterator(separator), words.rend());
        if (needs_default({words.begin(), separator}, default_config)) {
            reversed.push_back("--config=" + default_config);
        }
        app.parse(reversed);
    } catch (const CLI::CallForHelp&) {
        return Information{help_of(app)};
    } catch (const CLI::CallForVersion& version) {
        return Information{std::string(version.what()) + "\n"};
    } catch (const CLI::ArgumentMismatch& error) {
        return fail(ErrorKind::usage, missing_value(app, error.what()));
    } catch (const CLI::FileError&) {
        return unreadable(config->results().back());
    } catch (const CLI::ParseError& error) {
        return fail(ErrorKind::usage, printable(error.what()) + " (see --help)");
    }
    raw.config_path = config->count() > 0 ? config->results().back() : "";
    if (!config_error.empty()) {
        return fail(ErrorKind::usage, fmt::format("{}, {}", printable(raw.config_path), config_error));
    }
    auto expression = filter_expression(app.remaining());
    if (!expression) {
        return std::unexpected(expression.error());
    }
    raw.options.pipeline.expression = *std::move(expression);
    return raw;
}

}  // namespace sslsniff
