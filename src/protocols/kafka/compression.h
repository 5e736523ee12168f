#pragma once

#include <cstddef>
#include <string_view>

#include "base/bytes.h"

namespace sslsniff::kafka {

/// Bits 0 to 2 of a batch's attributes.
std::string_view compression_name(unsigned codec);

struct Decompressed {
    Bytes bytes;
    bool is_whole = false;  ///< all of it; else as far as it was there, sound and within the limit
};

Decompressed decompress(unsigned codec, ByteView bytes, std::size_t limit);

}  // namespace sslsniff::kafka
