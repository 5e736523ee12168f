#pragma once

#include <cstddef>
#include <cstring>

#include "base/bytes.h"

namespace sslsniff {

/// Where `wanted` first occurs in `bytes`, from `from` on; npos: nowhere. Both may have any value. Unlike
/// find() it does not stop at every byte that `wanted` begins with.
inline std::size_t find_bytes(ByteView bytes, ByteView wanted, std::size_t from = 0) {
    if (from > bytes.size()) {
        return ByteView::npos;
    }
    const void* const hit = ::memmem(bytes.data() + from, bytes.size() - from, wanted.data(), wanted.size());
    return hit == nullptr ? ByteView::npos
                          : static_cast<std::size_t>(static_cast<const char*>(hit) - bytes.data());
}

}  // namespace sslsniff
