#pragma once

#include <string>
#include <string_view>

#include "control/controlled.h"

namespace sslsniff {

/// Does what the line asks for, and says how that went: JSON with its end of line, as in docs/stats.md.
std::string control_answer(std::string_view line, Controlled& capture);

}  // namespace sslsniff
