#pragma once

#include <memory>

#include "output/output.h"
#include "output/output_context.h"

namespace sslsniff {

/// docs/pcapng.md: PcapngSink, with a quarter of the memory that connections have.
std::unique_ptr<Output> make_pcapng_output(const OutputPlace& place, const OutputContext& context);

}  // namespace sslsniff
