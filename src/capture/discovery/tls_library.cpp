#include "capture/discovery/tls_library.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "capture/discovery/elf_texts.h"
#include "capture/discovery/tls_libraries.h"

namespace sslsniff {
namespace {

constexpr std::string_view kNotYet = "which sslsniff does not capture yet";
constexpr std::string_view kNoSymbols =
    "which is linked in without symbols, and whose functions were not found";
constexpr std::string_view kNotFound = "whose functions cannot be found in it";
constexpr std::string_view kText = ".rodata";

/// Of a library that is only named.
std::string not_captured(const TlsLibrary& library) {
    return std::string(kNotYet).append(library.advice.empty() ? "" : ": ").append(library.advice);
}

std::string version_of(const ElfImage& image, std::string_view prefix) {
    return prefix.empty() ? std::string{} : version_after(image, kText, prefix).value_or("");
}

bool is_among(std::span<const TlsIdentity> known, const TlsLibrary& library) {
    return std::ranges::find(known, &library, &TlsIdentity::library) != known.end();
}

/// A library that was linked in without symbols.
TlsIdentity without_symbols(const ElfImage& image, const TlsLibrary& library, const TellingText& text) {
    TlsIdentity identity{&library, std::string(text.name), version_of(image, text.version_prefix), {}, {}};
    if (library.unnamed.find != nullptr) {
        identity.unnamed = library.unnamed.find(image);
    }
    if (identity.unnamed.records.empty() && !defines_all(identity.unnamed.functions, library.functions)) {
        identity.unnamed = {};
        identity.obstacle = library.is_captured() ? std::string(kNoSymbols) : not_captured(library);
    }
    return identity;
}

/// Those that are not `known`.
void add_by_text(const ElfImage& image, std::vector<TlsIdentity>& known) {
    std::vector<std::string> texts;
    for (const TlsLibrary* const library : tls_libraries()) {
        std::ranges::transform(library->texts, std::back_inserter(texts), [](const TellingText& text) {
            return std::string(text.head).append(text.tail);
        });
    }
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    unsigned found = contained(image, kText, views);
    for (const TlsLibrary* const library : tls_libraries()) {
        for (const TellingText& text : library->texts) {
            if ((found & 1U) != 0 && !is_among(known, *library)) {
                known.push_back(without_symbols(image, *library, text));
            }
            found >>= 1U;
        }
    }
}

}  // namespace

std::string full_name(const TlsIdentity& identity) {
    return identity.version.empty() ? identity.name : identity.name + " " + identity.version;
}

bool defines_all(const ElfSymbols& defined, std::span<const std::string_view> functions) {
    return !functions.empty() &&
           std::ranges::all_of(functions, [&](std::string_view name) { return defined.contains(name); });
}

TlsIdentity identify_variant(const ElfImage& image, const TlsLibrary& library) {
    const std::string obstacle = library.is_captured() ? "" : not_captured(library);
    if (auto variant = library.variant != nullptr ? library.variant(image) : std::nullopt) {
        return {&library, std::move(variant->name), std::move(variant->version), obstacle, {}};
    }
    return {&library, std::string(library.name), version_of(image, library.version_prefix), obstacle, {}};
}

std::vector<TlsIdentity> identify_tls_libraries(const ElfImage& image, const ElfSymbols& defined) {
    std::vector<TlsIdentity> found;
    for (const TlsLibrary* const library : tls_libraries()) {
        if (defines_all(defined, library->functions)) {
            found.push_back(identify_variant(image, *library));
            if (library->obstacle != nullptr) {
                found.back().obstacle = library->obstacle(image, defined);
            }
        } else if (auto name = library->recognise != nullptr ? library->recognise(image) : std::nullopt) {
            found.push_back({library,
                             std::move(name->name),
                             std::move(name->version),
                             library->is_captured() ? std::string(kNotFound) : not_captured(*library),
                             {}});
        }
    }
    add_by_text(image, found);
    return found;
}

}  // namespace sslsniff
