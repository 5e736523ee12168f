#pragma once

#include "app/messages.h"
#include "app/options.h"
#include "base/result.h"

namespace sslsniff {

/// Reads a recording (-r), to the summary. Returns the exit status.
Result<int> replay(const Options& options, Messages& messages);

}  // namespace sslsniff
