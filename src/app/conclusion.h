#pragma once

#include "app/messages.h"
#include "engine/pipeline.h"

namespace sslsniff {

/// Ends the outputs, tells what went wrong with them, and prints the summary; after a failure only if there
/// was something before it. False when an output failed.
bool conclude(Pipeline& pipeline, bool failed, Messages& messages);

}  // namespace sslsniff
