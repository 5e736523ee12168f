#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "capture/discovery/elf_image.h"
#include "capture/discovery/library.h"

namespace sslsniff {

/// What an ELF file turned out to be.
struct TlsIdentity {
    const TlsLibrary* library = nullptr;
    std::string name;     ///< "OpenSSL", "LibreSSL", "GnuTLS"
    std::string version;  ///< "3.0.17"; empty when the file does not tell
    /// Empty when its functions are there to be probed, else what stands in the way: "which sslsniff does not
    /// capture yet".
    std::string obstacle;
    /// Where the file has no symbols for it, what was found of it (UnnamedLibrary); else empty.
    UnnamedParts unnamed{};
};

/// "GnuTLS 3.7.9".
std::string full_name(const TlsIdentity& identity);

/// Recognises TLS libraries (libraries/) by what the file defines and contains, not by its name, so that
/// renamed and statically linked ones are found too. A program may contain several; what can be probed comes
/// first.
std::vector<TlsIdentity> identify_tls_libraries(const ElfImage& image, const ElfSymbols& defined);

/// False, too, when there are none.
bool defines_all(const ElfSymbols& defined, std::span<const std::string_view> functions);

/// What a file is that has functions of the library.
TlsIdentity identify_variant(const ElfImage& image, const TlsLibrary& library);

}  // namespace sslsniff
