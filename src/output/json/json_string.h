#pragma once

#include <fmt/format.h>

#include "base/bytes.h"

namespace sslsniff {

/// Where JSON grows: unlike a std::string it takes single characters without a call.
using JsonBuffer = fmt::memory_buffer;

inline void append(JsonBuffer& out, ByteView bytes) {
    out.append(bytes.data(), bytes.data() + bytes.size());
}

/// Appends `bytes` as a JSON string (RFC 8259 section 7), with quotes. What could drive a terminal is
/// escaped as \u00NN.
/// Bytes that are not UTF-8 become U+FFFD each; then it returns false.
bool append_json_string(JsonBuffer& out, ByteView bytes);

/// Appends `json`, which is JSON in well-formed UTF-8 already, in one line and with the same escapes.
void append_json_text(JsonBuffer& out, ByteView json);

}  // namespace sslsniff
