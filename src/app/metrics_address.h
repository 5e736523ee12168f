#pragma once

#include <string>

#include "base/result.h"

namespace sslsniff {

/// The address of --metrics as of parse_endpoint(): "9464" is a port of 127.0.0.1, as is "localhost:9464";
/// else "ADDRESS:PORT", which has to be loopback unless `remote`: whoever can reach another one can read.
Result<std::string> parse_metrics_address(const std::string& text, bool remote);

}  // namespace sslsniff
