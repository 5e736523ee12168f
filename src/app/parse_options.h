#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>

#include "app/options.h"
#include "base/result.h"

namespace sslsniff {

/// --help or --version: print this on stdout and exit 0.
struct Information {
    std::string text;
};

using Invocation = std::variant<Options, Information>;

/// What is shown when no option names an output.
enum class DefaultOutput : std::uint8_t { text, none };

/// The file that is read without --config, where it exists.
inline constexpr const char* kDefaultConfig = "/etc/sslsniff.toml";

/// Understands the arguments after the program's name, and the configuration file: that of --config, else
/// `default_config` where it exists. Touches nothing else.
Result<Invocation> parse_options(std::span<const std::string> arguments,
                                 const std::string& default_config = {},
                                 DefaultOutput default_output = DefaultOutput::text);

}  // namespace sslsniff
