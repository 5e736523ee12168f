#pragma once

#include <string>

#include "base/bytes.h"

namespace sslsniff {

/// The fields of a protobuf message whose schema is not known, one a line with number and value, nested
/// messages indented. Length-delimited fields appear as text when they look like it, else as a message when
/// they parse as one, else as hexadecimal digits. Stops at the first byte that is no field, and says so.
std::string dump_protobuf(ByteView message);

}  // namespace sslsniff
