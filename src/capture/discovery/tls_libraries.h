#pragma once

#include <span>

#include "capture/discovery/library.h"

namespace sslsniff {

/// All TLS libraries that are known (the folder libraries/); those that are captured come first. The table is
/// src/capture/tls_libraries.cpp.
std::span<const TlsLibrary* const> tls_libraries();

}  // namespace sslsniff
