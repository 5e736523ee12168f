#pragma once

#include <vector>

#include "base/bytes.h"

namespace sslsniff::redis {

/// Splits an inline command into words as redis-server does: blanks separate, "..." with escapes, '...'. With
/// unbalanced quotes, which the server refuses, they mean nothing.
std::vector<Bytes> split_inline(ByteView line);

}  // namespace sslsniff::redis
