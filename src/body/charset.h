#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace sslsniff {

/// The value of `name` among the parameters of a header field like Content-Type (RFC 9110 section 5.6.6),
/// unquoted; empty when there is none.
std::string parameter_of(std::string_view field, std::string_view name);

/// "text/html" of "Text/HTML; charset=utf-8".
std::string media_type(std::string_view content_type);

/// `bytes` in `charset` as UTF-8; U+FFFD stands for what is not valid in it. Unchanged when the charset is
/// empty, UTF-8, or one that iconv does not know.
std::string to_utf8(ByteView bytes, std::string_view charset);

}  // namespace sslsniff
