#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "capture/discovery/elf_image.h"
#include "capture/discovery/probe_site.h"
#include "capture/discovery/tls_library.h"

namespace sslsniff {

/// All that planning needs to know of one file, wherever it is used.
struct InspectedFile {
    FileStamp stamp;
    bool is_overlay = false;
    std::string build_id;
    std::optional<TlsIdentity> tls;     ///< it is, or contains, a TLS library that can be probed
    std::vector<TlsIdentity> foreign;   ///< those in it that cannot
    std::optional<TlsIdentity> crypto;  ///< it defines BIO_read and BIO_write: a libcrypto, or contains one
    SiteChoice tls_sites;               ///< of `tls`
    SiteChoice bio_sites;
    std::vector<std::string> needed;  ///< DT_NEEDED
    std::vector<std::string> search_path;
    std::string problem;  ///< an ELF file that could not be understood, and why
};

/// Of every function that inspect_image() asks for.
ElfSymbols find_known_functions(const ElfImage& image);
InspectedFile inspect_image(const ElfImage& image);

}  // namespace sslsniff
