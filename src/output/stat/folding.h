#pragma once

#include <string>
#include <string_view>

namespace sslsniff {

/// What a request was asked of, with one name for all that differ by an id alone: of
/// "https://h/users/42/a?b=c"
/// "/users/{n}/a", of Redis' key "user:42:name" "user:{n}:name". Numbers become {n}, UUIDs {uuid},
/// hexadecimal ids of 8 digits and more {hex}, other words of 20 characters and more with digits in them
/// {id}. Scheme, authority, query and fragment of a URL are left out.
std::string fold_target(std::string_view target);

/// A statement with ? for its numbers and texts, lists of them as one, white space as one space.
std::string fold_statement(std::string_view statement);

}  // namespace sslsniff
