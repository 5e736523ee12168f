#include "capture/discovery/inspected_file.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "capture/discovery/go_functions.h"
#include "capture/discovery/tls_libraries.h"

namespace sslsniff {

namespace {

constexpr std::string_view kNotFound = "whose functions that read and write could not be found";

bool see_payload(const SiteChoice& sites) {
    return std::ranges::any_of(sites.functions, [](const ProbedFunction& function) {
        const tls_call call = function.form.call;
        return call == CALL_READ || call == CALL_WRITE || call == CALL_RECORD_READ ||
               call == CALL_RECORD_WRITE || call == CALL_RECORD_PARTS;
    });
}

std::vector<std::string_view> known_functions(NameTable table) {
    std::vector<std::string_view> names;
    for (const TlsLibrary* const library : tls_libraries()) {
        if (library->names != table) {
            continue;
        }
        std::ranges::copy(library->functions, std::back_inserter(names));
        for (const auto wanted : {library->calls, library->transports}) {
            std::ranges::transform(wanted, std::back_inserter(names), &WantedFunction::symbol);
        }
        std::ranges::copy(library->companion_functions, std::back_inserter(names));
        std::ranges::copy(library->code_symbols, std::back_inserter(names));
    }
    return names;
}

}  // namespace

/// Symbol tables are read once, for every purpose.
ElfSymbols find_known_functions(const ElfImage& image) {
    ElfSymbols found = image.find_functions(known_functions(NameTable::symbols));
    found.merge(find_go_functions(image, known_functions(NameTable::go)));
    return found;
}

InspectedFile inspect_image(const ElfImage& image) {
    InspectedFile file;
    file.stamp = image.stamp();
    file.is_overlay = image.is_overlay();
    const ElfSymbols symbols = find_known_functions(image);
    for (TlsIdentity& identity : identify_tls_libraries(image, symbols)) {
        if (!identity.obstacle.empty()) {
            file.foreign.push_back(std::move(identity));
            continue;
        }
        const TlsLibrary& library = *identity.library;
        UnnamedParts unnamed = std::exchange(identity.unnamed, {});
        const bool is_named = unnamed.empty();
        SiteChoice sites = is_named ? choose_sites(image, symbols, library, library.calls)
                                    : choose_sites(image, unnamed.functions, library, library.unnamed.calls);
        std::ranges::move(unnamed.records, std::back_inserter(sites.functions));
        if (!see_payload(sites)) {
            identity.obstacle = kNotFound;
            file.foreign.push_back(std::move(identity));
            continue;
        }
        if (!is_named) {
            SiteChoice transports =
                choose_sites(image, unnamed.functions, library, library.unnamed.transports);
            std::ranges::move(unnamed.transports, std::back_inserter(transports.functions));
            file.companions.push_back({identity, std::move(transports)});
        }
        file.tls.push_back({std::move(identity), std::move(sites)});
    }
    for (const TlsLibrary* const library : tls_libraries()) {
        if (defines_all(symbols, library->companion_functions)) {
            file.companions.push_back({identify_variant(image, *library),
                                       choose_sites(image, symbols, *library, library->transports)});
        }
    }
    if (!file.tls.empty() || !file.companions.empty()) {
        file.build_id = image.build_id();
    }
    auto [needed, search_path] = image.dynamic();
    file.needed = std::move(needed);
    file.search_path = std::move(search_path);
    return file;
}

}  // namespace sslsniff
