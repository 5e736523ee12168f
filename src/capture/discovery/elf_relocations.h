#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "capture/discovery/elf_image.h"

/// What an image holds once it is loaded.
namespace sslsniff {

/// Slots of the global offset table that relocations fill with the address of a function, by address.
std::map<std::uint64_t, std::string> function_slots(const ElfImage& image);

/// Pointers to code that the image's data holds when it is loaded (tables of functions), by place: where each
/// points to. Of those that lie from address `begin` to `end`, 1 MiB at most.
std::map<std::uint64_t, std::uint64_t> code_pointers(const ElfImage& image, std::uint64_t begin,
                                                     std::uint64_t end);

}  // namespace sslsniff
