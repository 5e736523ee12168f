#pragma once

#include <string>

#include "base/bytes.h"
#include "base/text.h"

namespace sslsniff {

/// What is kept of a name or a message in what a peer sent: hostile, and no more than 256 bytes of it.
inline std::string kept_text(ByteView text) {
    constexpr std::size_t kMost = 256;
    const ByteView kept = text.substr(0, kMost);
    return std::string(
        kept.substr(0, kept.size() == text.size() ? kept.size() : without_cut_code_point(kept)));
}

}  // namespace sslsniff
