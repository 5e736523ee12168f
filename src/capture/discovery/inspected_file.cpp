#include "capture/discovery/inspected_file.h"

#include <algorithm>

namespace sslsniff {

InspectedFile inspect_image(const ElfImage& image) {
    InspectedFile file;
    file.stamp = image.stamp();
    file.is_overlay = image.is_overlay();
    file.tls = identify_tls_library(image);
    if (file.tls && file.tls->obstacle.empty()) {
        file.tls_sites = choose_sites(image, wanted_tls_functions());
    }
    SiteChoice bio = choose_sites(image, wanted_bio_functions());
    if (!bio.misses_required) {
        file.bio_sites = std::move(bio);
        file.crypto = identify_crypto_library(image).value_or(TlsIdentity{"OpenSSL", {}, {}});
    }
    if (file.tls || file.crypto) {
        file.build_id = image.build_id();
    }
    auto [needed, search_path] = image.dynamic();
    file.needed = std::move(needed);
    file.search_path = std::move(search_path);
    return file;
}

}  // namespace sslsniff
