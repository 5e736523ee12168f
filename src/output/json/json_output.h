#pragma once

#include <memory>

#include "output/output.h"
#include "output/output_context.h"

namespace sslsniff {

/// docs/json.md: JsonSink.
std::unique_ptr<Output> make_json_output(const OutputPlace& place, const OutputContext& context);

}  // namespace sslsniff
