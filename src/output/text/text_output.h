#pragma once

#include <memory>

#include "output/output.h"
#include "output/output_context.h"

namespace sslsniff {

/// Lines for people: TextSink, or ConnectionRows where connections are shown.
std::unique_ptr<Output> make_text_output(const OutputPlace& place, const OutputContext& context);

}  // namespace sslsniff
