#pragma once

#include <memory>

#include "output/output.h"
#include "output/output_context.h"

namespace sslsniff {

/// An HTTP Archive: HarSink.
std::unique_ptr<Output> make_har_output(const OutputPlace& place, const OutputContext& context);

}  // namespace sslsniff
