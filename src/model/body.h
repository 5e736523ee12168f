#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace sslsniff {

/// A message body, bounded: the size is always the true one, the octets kept may be fewer.
struct Body {
    std::uint64_t size = 0;        ///< octets of content that passed (transfer coding removed), kept or not
    std::uint64_t missing = 0;     ///< octets known to belong to it that were not captured
    Bytes captured;                ///< the first octets, up to --max-body
    std::string content_type;      ///< Content-Type as sent, hostile; empty when none
    std::string content_encoding;  ///< Content-Encoding as sent; `captured` is still encoded
    bool truncated() const { return captured.size() < size; }
};

/// Appends to `body` within `limit` octets of `captured`.
void append(Body& body, ByteView octets, std::size_t limit);

}  // namespace sslsniff
