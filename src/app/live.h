#pragma once

#include "app/messages.h"
#include "app/options.h"
#include "base/result.h"

namespace sslsniff {

/// A live capture from attaching to the summary. Returns the exit status; with a command, its own.
Result<int> capture_live(const Options& options, Messages& messages);

}  // namespace sslsniff
