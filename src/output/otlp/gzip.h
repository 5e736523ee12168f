#pragma once

#include "base/bytes.h"

namespace sslsniff {

/// `bytes` in gzip's form (RFC 1952), made quickly rather than small.
Bytes gzip(ByteView bytes);

}  // namespace sslsniff
