#pragma once

#include <string>
#include <string_view>

namespace sslsniff {

/// A view of bytes, not of text: may hold any value including NUL. Never owns; valid as long as its source
/// says.
using ByteView = std::string_view;

/// Owned bytes.
using Bytes = std::string;

}  // namespace sslsniff
