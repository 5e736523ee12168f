#pragma once

#include <string>

#include "base/bytes.h"
#include "output/otlp/span.h"

namespace sslsniff::test {

/// A span as it is encoded, in lines, decoded by its fields' numbers: what it is called, its kind and times,
/// and its attributes, one each. Of ids only that of the parent, and the trace's then, are shown: the others
/// are random.
std::string span_text(const Span& span);

/// The attributes of a message Resource, in lines.
std::string resource_text(ByteView resource);

}  // namespace sslsniff::test
