#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "body/content_decoder.h"

namespace sslsniff {

/// A whole block of Snappy (https://github.com/google/snappy/blob/main/format_description.txt); nothing when
/// it is none, or says that it decodes to more than `limit` bytes.
std::optional<Bytes> decode_snappy(ByteView block, std::size_t limit);

/// A whole block of LZ4 that decodes to `size` bytes; nothing when it does not, or when these are more than
/// `limit`.
std::optional<Bytes> decode_lz4_block(ByteView block, std::size_t size, std::size_t limit);

/// LZ4 frames.
std::unique_ptr<ContentDecoder> make_lz4_decoder();

}  // namespace sslsniff
