#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/find_bytes.h"
#include "base/text.h"
#include "model/exchange.h"

namespace sslsniff {

/// What is kept of a name or a message in what a peer sent: hostile, and no more than 256 bytes of it.
inline std::string kept_text(ByteView text) {
    constexpr std::size_t kMost = 256;
    return std::string(prefix_of(text, kMost));
}

/// Whether `json` may have the member `name`: a look that spares most JSON from being read. Unlike find(), it
/// does not stop at every quotation mark.
/// Whether `json` may have the member `name`, which is in quotes: a look that spares most JSON from being
/// read.
inline bool may_have_member(ByteView json, std::string_view name) {
    return find_bytes(json, name) != ByteView::npos;
}

// A field that is left out when nothing is known.

inline void write_known(FieldWriter& writer, std::string_view key, ByteView text) {
    if (!text.empty()) {
        writer.text(key, text);
    }
}
inline void write_known(FieldWriter& writer, std::string_view key,
                        const std::optional<std::int64_t>& number) {
    if (number) {
        writer.number(key, *number);
    }
}
/// Only ever true.
inline void write_if(FieldWriter& writer, std::string_view key, bool holds) {
    if (holds) {
        writer.boolean(key, true);
    }
}

}  // namespace sslsniff
