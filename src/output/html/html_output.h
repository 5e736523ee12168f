#pragma once

#include <memory>

#include "output/output.h"
#include "output/output_context.h"

namespace sslsniff {

/// A page for browsers (docs/html.md): HtmlSink.
std::unique_ptr<Output> make_html_output(const OutputPlace& place, const OutputContext& context);

}  // namespace sslsniff
