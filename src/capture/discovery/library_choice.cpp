#include "capture/discovery/library_choice.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "capture/discovery/tls_libraries.h"
#include "capture/discovery/tls_library.h"

namespace sslsniff {
namespace {

/// The one that is called like the variant; else the library's own.
std::string_view word_of(const TlsIdentity& identity) {
    const auto words = identity.library->words;
    const std::string name = to_lower(identity.name);
    const auto variant = std::ranges::find(words, name);
    return variant != words.end() ? *variant : words.empty() ? std::string_view() : words.front();
}

}  // namespace

std::vector<std::string_view> library_words() {
    std::vector<std::string_view> words;
    for (const TlsLibrary* const library : tls_libraries()) {
        std::ranges::copy(library->words, std::back_inserter(words));
    }
    return words;
}

Result<LibraryChoice> LibraryChoice::parse(std::span<const std::string> texts) {
    const auto known = library_words();
    LibraryChoice choice;
    for (std::string_view rest : texts) {
        do {
            const std::size_t comma = std::min(rest.find(','), rest.size());
            const std::string name = to_lower(trim(rest.substr(0, comma)));
            rest.remove_prefix(std::min(comma + 1, rest.size()));
            const auto word = std::ranges::find(known, name);
            if (word == known.end()) {
                return fail(ErrorKind::usage,
                            fmt::format("'{}' is none of the TLS libraries that can be captured: {}",
                                        printable(name), fmt::join(known, ", ")));
            }
            choice.words_.push_back(*word);
        } while (!rest.empty());
    }
    return choice;
}

bool LibraryChoice::has(const TlsIdentity& identity) const {
    return words_.empty() || std::ranges::find(words_, word_of(identity)) != words_.end();
}

}  // namespace sslsniff
