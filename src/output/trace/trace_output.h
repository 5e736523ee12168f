#pragma once

#include <memory>

#include "output/output.h"
#include "output/output_context.h"

namespace sslsniff {

/// docs/trace_format.md: TraceWriter.
std::unique_ptr<Output> make_trace_output(const OutputPlace& place, const OutputContext& context);

}  // namespace sslsniff
