#pragma once

#include <string>

#include "app/option_table.h"

namespace sslsniff {

/// A configuration file (docs/config.md) with every option of `table`, which is that of sslsniff itself, as a
/// comment: to be installed as /etc/sslsniff.toml.
std::string config_example(const CommandTable& table);

}  // namespace sslsniff
