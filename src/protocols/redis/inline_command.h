#pragma once

#include <vector>

#include "base/bytes.h"

namespace sslsniff::redis {

/// Splits an inline command into words as redis-server does: blanks separate, "..." with escapes, '...'.
/// False for unbalanced quotes.
bool split_inline(ByteView line, std::vector<Bytes>& words);

}  // namespace sslsniff::redis
