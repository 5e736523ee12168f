#pragma once

#include <cstdint>
#include <string>

#include "model/facts.h"

namespace sslsniff::kafka {

/// Of a code that is not 0: as in Errors.java of Kafka 4.1; "ERROR 200" for those that it does not have.
std::string error_name(std::int16_t code);
/// Whom it blames; `redirected` where another broker is to be asked.
Outcome error_outcome(std::int16_t code);

}  // namespace sslsniff::kafka
