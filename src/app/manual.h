#pragma once

#include <span>
#include <string>

#include "app/option_table.h"

namespace sslsniff {

/// The manual page sslsniff(1) as source for scdoc(1), scdoc(5): `sslsniff manual | scdoc > sslsniff.1`. The
/// options are those of the tables (command_tables()).
std::string manual_source(std::span<const CommandTable> tables);

}  // namespace sslsniff
