#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "capture/discovery/elf_image.h"

/// Texts in the first 256 MiB of a section, which tell what an image is.
namespace sslsniff {

struct ElfText {
    std::uint64_t address = 0;  ///< of its first byte
    std::string text;           ///< at most 255 bytes
};

/// The first `most` texts between NUL bytes that end with `ending`.
std::vector<ElfText> texts_ending_with(const ElfImage& image, std::string_view section,
                                       std::string_view ending, std::size_t most);

/// Which of `texts` the section contains, as a bit each (the first is bit 0).
unsigned contained(const ElfImage& image, std::string_view section, std::span<const std::string_view> texts);

/// The version number behind `prefix`: "3.0.17", "1.1.1w", "3.0.19+quic". The first of three parts, else the
/// first
/// ("OpenSSL 3.0 " also occurs in texts about an API).
std::optional<std::string> version_after(const ElfImage& image, std::string_view section,
                                         std::string_view prefix);

}  // namespace sslsniff
