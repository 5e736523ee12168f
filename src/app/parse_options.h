#pragma once

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

/// Understands the arguments after the program's name. Touches nothing outside itself.
Result<Invocation> parse_options(std::span<const std::string> arguments);

}  // namespace sslsniff
