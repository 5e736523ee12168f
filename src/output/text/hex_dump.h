#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace sslsniff {

/// Appends `bytes` in the form of tcpdump -X, sixteen to a line, each line behind `prefix`:
/// "0x0010:  4745 5420 2f20 4854 5450 2f31 2e31 0d0a  GET./.HTTP/1.1.."
void append_hex_dump(std::string& out, ByteView bytes, std::string_view prefix);

}  // namespace sslsniff
