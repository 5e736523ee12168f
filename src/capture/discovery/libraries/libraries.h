#pragma once

#include "capture/discovery/library.h"

namespace sslsniff {

// NOLINTBEGIN(readability-identifier-naming): constants, although they cannot be constexpr here

// Each in a file of its own. The table is src/capture/tls_libraries.cpp.
extern const TlsLibrary kOpenSsl;
extern const TlsLibrary kWolfSsl;
extern const TlsLibrary kMbedTls;
extern const TlsLibrary kGnuTls;
extern const TlsLibrary kNss;
extern const TlsLibrary kGo;
extern const TlsLibrary kRustls;
extern const TlsLibrary kS2n;

// Those that are only named: not_captured.cpp.
extern const TlsLibrary kJava;
extern const TlsLibrary kErlang;

// NOLINTEND(readability-identifier-naming)

}  // namespace sslsniff
