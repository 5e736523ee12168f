#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "capture/discovery/elf_image.h"

namespace sslsniff {

/// What an ELF file turned out to be.
struct TlsIdentity {
    std::string name;     ///< "OpenSSL", "GnuTLS"
    std::string version;  ///< "3.0.17"; empty when the file does not tell
    /// Empty when the OpenSSL API is there to be probed, else what stands in the way: "which sslsniff does
    /// not capture yet".
    std::string obstacle;
};

/// "GnuTLS 3.7.9".
std::string full_name(const TlsIdentity& identity);

/// Recognises TLS libraries by what the file defines and contains, not by its name, so that renamed and
/// statically linked ones are found too. A program may contain several; what can be probed comes first.
std::vector<TlsIdentity> identify_tls_libraries(const ElfImage& image, const ElfSymbols& defined);

/// The functions by which it does: what `defined` must have been looked up with.
std::vector<std::string_view> identifying_functions();

/// Version of the OpenSSL, LibreSSL or BoringSSL code inside: of a libcrypto, or linked statically.
/// OpenSSL's libssl of version 3 does not tell its own.
std::optional<TlsIdentity> identify_crypto_library(const ElfImage& image);

}  // namespace sslsniff
