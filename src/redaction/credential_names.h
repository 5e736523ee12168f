#pragma once

#include <string_view>

namespace sslsniff {

/// Whether a header field's value is a credential, or holds some: Authorization, Cookie, X-Api-Key ...
/// Sources are in the table.
bool is_secret_header(std::string_view name);

/// Whether a parameter of a URL or a form is called as credentials are: "access_token", "X-Amz-Signature".
/// Case, '_', '-' and '.' do not matter.
bool is_secret_parameter(std::string_view name);
/// The same for a member of a JSON object, where some of these names mostly mean other things ("code").
bool is_secret_member(std::string_view name);

/// Whether two names are the same by that rule.
bool is_same_name(std::string_view a, std::string_view b);

}  // namespace sslsniff
