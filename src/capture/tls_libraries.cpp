#include "capture/discovery/tls_libraries.h"

#include <array>

#include "capture/discovery/libraries/libraries.h"

namespace sslsniff {

std::span<const TlsLibrary* const> tls_libraries() {
    static constexpr std::array<const TlsLibrary*, 10> kLibraries{
        &kOpenSsl, &kGnuTls, &kNss, &kWolfSsl, &kMbedTls, &kGo, &kRustls, &kS2n, &kJava, &kErlang};
    return kLibraries;
}

}  // namespace sslsniff
