#include "app/named_option.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "app/config_file.h"
#include "app/declared_options.h"
#include "app/raw_options.h"
#include "base/text.h"

namespace sslsniff {
namespace {

constexpr const char* kVerbose = "verbose";

Result<std::optional<std::string>> flag_word(const std::string& name, const std::string& value) {
    const bool is_count = name == kVerbose && (value == "0" || value == "1" || value == "2");
    if (value == "true") {
        return fmt::format("--{}", name);
    }
    if (is_count && value != "0") {
        return fmt::format("--{}={}", name, value);
    }
    if (value == "false" || is_count) {
        return std::nullopt;
    }
    return fail(ErrorKind::usage, fmt::format("'{}' is true or false{}, not '{}'", name,
                                              name == kVerbose ? ", or 0 to 2" : "", printable(value)));
}

}  // namespace

Result<std::optional<std::string>> option_word(const std::string& name,
                                               const std::optional<std::string>& value) {
    RawOptions raw;
    CLI::App app;
    declare_options(app, raw);
    const CLI::Option* option = name.empty() ? nullptr : app.get_option_no_throw("--" + name);
    const bool is_filter = name == "filter";
    if (!is_filter && (option == nullptr || (!is_configurable(name) && name != "config"))) {
        return fail(ErrorKind::usage,
                    fmt::format("there is no option '{}' (see sslsniff --help)", printable(name)));
    }
    if (option != nullptr && option->get_expected_min() == 0) {
        return flag_word(name, value.value_or("true"));
    }
    if (!value || value->empty()) {
        return fail(ErrorKind::usage, fmt::format("'{}' needs a value", printable(name)));
    }
    if (!is_filter) {
        return fmt::format("--{}={}", name, *value);
    }
    // It is a word among others, some of which mean something else.
    return value->starts_with('-')
               ? fail(ErrorKind::usage,
                      fmt::format("'filter' is a pcap-filter expression, not '{}'", printable(*value)))
               : Result<std::optional<std::string>>(*value);
}

}  // namespace sslsniff
