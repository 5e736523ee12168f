#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "capture/discovery/elf_image.h"
#include "capture/discovery/probe_site.h"
#include "capture/discovery/tls_library.h"

namespace sslsniff {

/// A TLS library that can be probed, or a part of it.
struct FoundLibrary {
    TlsIdentity identity;
    SiteChoice sites;
};

/// All that planning needs to know of one file, wherever it is used.
struct InspectedFile {
    FileStamp stamp;
    bool is_overlay = false;
    std::string build_id;
    std::vector<FoundLibrary> tls;     ///< the TLS libraries that it is or contains
    std::vector<TlsIdentity> foreign;  ///< those in it that cannot be probed
    std::vector<FoundLibrary>
        companions;                   ///< libraries of which it has companion_functions, with `transports`
    std::vector<std::string> needed;  ///< DT_NEEDED
    std::vector<std::string> search_path;
    std::string problem;  ///< an ELF file that could not be understood, and why
};

/// Of every function that inspect_image() asks for.
ElfSymbols find_known_functions(const ElfImage& image);
InspectedFile inspect_image(const ElfImage& image);

}  // namespace sslsniff
