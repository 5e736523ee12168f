#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

/// Texts with names and values in them, without the values whose names are those of credentials. Each returns
/// nothing when there are none. Linear in their size.
namespace sslsniff {

/// Whether the value of that name is to be taken out.
using IsSecret = std::function<bool(std::string_view name)>;

/// "a=1&token=x" (WHATWG URL, application/x-www-form-urlencoded): names are compared as they are written.
std::optional<std::string> redact_form(ByteView form, const IsSecret& is_secret);

/// "https://user:password@host/path?token=x#access_token=y" (RFC 3986), or a part of it from the path on.
std::optional<std::string> redact_url(ByteView url, const IsSecret& is_secret);

/// JSON (RFC 8259), also several values, and what is damaged or cut: token by token. Strings, numbers and
/// literals are taken out; in objects and arrays that are secret, the names of what they hold decide.
std::optional<std::string> redact_json(ByteView json, const IsSecret& is_secret);

/// "a=1; b=2" (RFC 6265 section 4.2.1): all values.
std::string redact_cookies(ByteView cookies);
/// "a=1; Path=/; HttpOnly" (section 4.1.1): the cookie's value, not its attributes.
std::string redact_set_cookie(ByteView cookie);
/// "Bearer x" (RFC 9110 section 11.4): what follows the scheme; all of it if there is none.
std::string redact_credentials(ByteView credentials);

}  // namespace sslsniff
