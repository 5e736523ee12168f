#pragma once

#include <cstdint>
#include <string>

#include "model/facts.h"

namespace sslsniff::mongodb {

/// For codes that come without a name, as in writeErrors: as in src/mongo/base/error_codes.yml of MongoDB;
/// "error 5" for those that are not frequent.
std::string error_name(std::int64_t code);
/// Whom it blames; `redirected` where another member of the replica set is to be asked.
Outcome error_outcome(std::int64_t code);

}  // namespace sslsniff::mongodb
