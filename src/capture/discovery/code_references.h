#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "capture/discovery/elf_image.h"

namespace sslsniff {

/// Four bytes of code that may refer to an address. Nothing is decoded here: they may also be something else
/// that has the same value.
struct CodeReference {
    std::uint64_t place = 0;  ///< address of the first of them
    std::uint64_t target = 0;
    bool is_jump = false;  ///< found by find_calls(): a jump
    auto operator<=>(const CodeReference&) const = default;
};

struct AddressRange {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};

/// What may refer to one of `targets` on x86-64: the distance from the end of the four bytes, as `lea
/// distance(%rip)` has it, or the address itself, as `mov $address` in programs with fixed addresses. By
/// place; at most 65,536.
std::vector<CodeReference> find_references(const ElfImage& image, std::span<const std::uint64_t> targets);

/// What may be a near call (e8) or jump (e9) into one of `ranges`, which do not overlap and are in order. By
/// place; at most 65,536.
std::vector<CodeReference> find_calls(const ElfImage& image, std::span<const AddressRange> ranges);

}  // namespace sslsniff
