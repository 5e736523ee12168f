#pragma once

#include <string>
#include <string_view>

namespace sslsniff {

/// Undoes percent-encoding (RFC 3986 section 2.1); what is none stays as it is.
std::string percent_decode(std::string_view text);

/// The same of application/x-www-form-urlencoded, where + is a space (WHATWG URL section 5.1).
std::string form_decode(std::string_view text);

/// The path of a URL, or of a request target in origin or absolute form (RFC 9112 section 3.2): without
/// scheme, authority, query and fragment. Empty when there is none.
std::string_view path_of(std::string_view url);

}  // namespace sslsniff
