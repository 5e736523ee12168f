#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace sslsniff::redis {

/// All of `text` as a decimal number, with an optional sign.
bool parse_integer(ByteView text, std::int64_t& out);

/// True for what RESP3 allows behind ',': a decimal floating point number, inf, -inf, nan.
bool is_double(ByteView text);

}  // namespace sslsniff::redis
