#pragma once

#include <string>
#include <string_view>

namespace sslsniff::test {

/// `plain` compressed by zlib; `window_bits` as deflateInit2 takes them: 31 gzip, 15 zlib, -15 raw.
std::string deflated(std::string_view plain, int window_bits);

}  // namespace sslsniff::test
