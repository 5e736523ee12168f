#pragma once

#include "base/bytes.h"

namespace sslsniff {

/// A line without its CR and LF, or LF alone.
inline ByteView without_line_end(ByteView line) {
    if (line.ends_with('\n')) {
        line.remove_suffix(1);
    }
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    return line;
}

}  // namespace sslsniff
