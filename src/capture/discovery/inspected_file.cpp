#include "capture/discovery/inspected_file.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <vector>

#include "capture/discovery/method_tables.h"

namespace sslsniff {

/// Symbol tables are read once, for every purpose.
ElfSymbols find_known_functions(const ElfImage& image) {
    std::vector<std::string_view> names = identifying_functions();
    for (const auto wanted : {wanted_tls_functions(), wanted_bio_functions()}) {
        std::ranges::transform(wanted, std::back_inserter(names), &WantedFunction::symbol);
    }
    std::ranges::copy(method_functions(), std::back_inserter(names));
    return image.find_functions(names);
}

InspectedFile inspect_image(const ElfImage& image) {
    InspectedFile file;
    file.stamp = image.stamp();
    file.is_overlay = image.is_overlay();
    const ElfSymbols symbols = find_known_functions(image);
    file.foreign = identify_tls_libraries(image, symbols);
    if (!file.foreign.empty() && file.foreign.front().obstacle.empty()) {
        file.tls = std::move(file.foreign.front());
        file.foreign.erase(file.foreign.begin());
        file.tls_sites = choose_sites(image, symbols, wanted_tls_functions());
    }
    SiteChoice bio = choose_sites(image, symbols, wanted_bio_functions());
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
