#pragma once

#include "engine/notices.h"
#include "engine/pipeline.h"

namespace sslsniff {

/// Ends the outputs, tells what went wrong with them, and the summary; after a failure only if there was
/// something before it. False when an output failed: the last notice says how.
bool conclude(Pipeline& pipeline, bool failed, Notices& notices);

}  // namespace sslsniff
