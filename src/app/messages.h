#pragma once

#include <string_view>

namespace sslsniff {

inline constexpr int kFailure = 1;     ///< exit status: could not do what it was told
inline constexpr int kWrongUsage = 2;  ///< exit status: did not understand the command line

/// For the user, not for a program: one line on stderr. Returns `status`, for a caller that ends with it.
int say(std::string_view message, int status = 0);

}  // namespace sslsniff
