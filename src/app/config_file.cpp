#include "app/config_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/text.h"

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

namespace sslsniff {
namespace {

constexpr std::array<std::string_view, 7> kTargets{"pid", "comm", "user", "container", "pod", "all", "read"};
constexpr std::array<std::string_view, 2> kOutputs{"output", "write"};
constexpr std::array<std::string_view, 6> kOutputsAndRows{"output",      "write",       "append",
                                                          "rotate-size", "rotate-time", "rotate-count"};
constexpr std::array<std::string_view, 2> kKinds{"tls-only", "cleartext-only"};
constexpr std::array<std::string_view, 2> kMarkers{"markers", "no-markers"};

constexpr std::array<std::string_view, 1> kLibraries{"tls"};
constexpr std::array<std::string_view, 1> kCleartext{"cleartext-only"};

/// One of `given` on the command line replaces all of `replaced` in the file.
struct Replacement {
    std::span<const std::string_view> given;
    std::span<const std::string_view> replaced;
};
constexpr std::array<Replacement, 6> kReplacements{{{kTargets, kTargets},
                                                    {kOutputs, kOutputsAndRows},
                                                    {kKinds, kKinds},
                                                    {kLibraries, kCleartext},
                                                    {kCleartext, kLibraries},
                                                    {kMarkers, kMarkers}}};

std::optional<std::string> scalar_text(const toml::node& node) {
    if (const auto* text = node.as_string()) {
        return text->get();
    }
    if (const auto* number = node.as_integer()) {
        return fmt::format("{}", number->get());
    }
    return std::nullopt;
}

std::optional<std::vector<std::string>> array_texts(const toml::array& array) {
    std::vector<std::string> texts;
    for (const auto& element : array) {
        auto text = scalar_text(element);
        if (!text) {
            return std::nullopt;
        }
        texts.push_back(*std::move(text));
    }
    return texts;
}

/// What `node` gives to a flag: nothing when it is not set.
Result<std::vector<std::string>> flag_inputs(const std::string& name, const toml::node& node) {
    using Inputs = std::vector<std::string>;
    if (const auto* boolean = node.as_boolean()) {
        return boolean->get() ? Inputs{"true"} : Inputs{};
    }
    const auto* number = node.as_integer();
    if (name == "verbose" && number != nullptr && number->get() >= 0 && number->get() <= 2) {
        return number->get() > 0 ? Inputs{fmt::format("{}", number->get())} : Inputs{};
    }
    return fail(ErrorKind::usage,
                fmt::format("'{}' is true or false{}", name, name == "verbose" ? ", or 0 to 2" : ""));
}

Result<std::vector<std::string>> inputs_of(const CLI::Option& option, const std::string& name,
                                           const toml::node& node) {
    if (option.get_expected_min() == 0) {
        return flag_inputs(name, node);
    }
    if (auto text = scalar_text(node)) {
        return std::vector<std::string>{*std::move(text)};
    }
    const bool is_list = option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
    if (const auto* array = node.as_array(); array != nullptr && is_list) {
        if (auto texts = array_texts(*array)) {
            return *std::move(texts);
        }
    }
    return fail(ErrorKind::usage, fmt::format("'{}' is a text in quotes or an integer{}", name,
                                              is_list ? ", or a list of them" : ""));
}

}  // namespace

std::vector<CLI::ConfigItem> ConfigFile::from_config(std::istream& input) const {
    const std::string text(std::istreambuf_iterator<char>(input), {});
    const auto at_line = [this](const toml::source_region& source, std::string_view message) {
        error_ = fmt::format("line {}: {}", source.begin.line, message);
        return std::vector<CLI::ConfigItem>();
    };
    const auto parsed = toml::parse(std::string_view(text));
    if (!parsed) {
        return at_line(parsed.error().source(), printable(parsed.error().description()));
    }
    std::vector<CLI::ConfigItem> options;
    for (const auto& [key, node] : parsed.table()) {
        const std::string name(key.str());
        const CLI::Option* option = name.empty() ? nullptr : app_.get_option_no_throw("--" + name);
        if (option == nullptr || !is_configurable(name)) {
            return at_line(key.source(),
                           fmt::format("there is no option '{}' (see sslsniff --help)", printable(name)));
        }
        auto inputs = inputs_of(*option, name, node);
        if (!inputs) {
            return at_line(key.source(), inputs.error().message);
        }
        if (inputs->empty() || is_replaced(name)) {
            continue;
        }
        CLI::ConfigItem item;
        item.name = name;
        item.inputs = *std::move(inputs);
        options.push_back(std::move(item));
    }
    return options;
}

bool is_configurable(std::string_view name) {
    return name != "help" && name != "version" && name != "config";
}

bool ConfigFile::is_replaced(const std::string& name) const {
    if (has_command_ && std::ranges::find(kTargets, name) != kTargets.end()) {
        return true;
    }
    return std::ranges::any_of(kReplacements, [&](const Replacement& replacement) {
        return std::ranges::find(replacement.replaced, name) != replacement.replaced.end() &&
               std::ranges::any_of(replacement.given, [this](std::string_view given) {
                   return app_.get_option_no_throw(fmt::format("--{}", given))->count() > 0;
               });
    });
}

std::string ConfigFile::to_config(const CLI::App* /*app*/, bool /*defaults*/, bool /*descriptions*/,
                                  std::string /*prefix*/) const {
    return {};
}

}  // namespace sslsniff
