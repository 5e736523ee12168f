#include "capture/discovery/elf_relocations.h"

#include <elf.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "capture/discovery/elf_table.h"
#include "capture/discovery/packed_relocations.h"

namespace sslsniff {
namespace {

constexpr std::uint64_t kMaxPointers = std::uint64_t{1} << 20;

/// The words of 8 bytes at these addresses, as far as the file holds them: address, word.
std::vector<std::pair<std::uint64_t, std::uint64_t>> words_at(const ElfImage& image,
                                                              std::span<const std::uint64_t> addresses) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> words;
    for (const ElfSection& section : image.sections()) {
        const auto offset_of = [&section](std::uint64_t address) {
            const std::uint64_t offset = address - section.address;
            return address >= section.address && section.size >= sizeof(std::uint64_t) &&
                           offset <= section.size - sizeof(std::uint64_t)
                       ? std::optional(offset)
                       : std::nullopt;
        };
        const bool holds_data = section.address != 0 && section.type != SHT_NOBITS;
        Bytes bytes;  // read when the first of them is wanted
        for (const std::uint64_t address : addresses) {
            const auto offset = holds_data ? offset_of(address) : std::nullopt;
            if (offset && bytes.empty()) {
                bytes = image.contents(section);
            }
            if (offset && *offset + sizeof(std::uint64_t) <= bytes.size()) {
                std::uint64_t word = 0;
                std::memcpy(&word, bytes.data() + *offset, sizeof word);
                words.emplace_back(address, word);
            }
        }
    }
    return words;
}

}  // namespace

std::map<std::uint64_t, std::string> function_slots(const ElfImage& image) {
    const std::span<const ElfSection> sections = image.sections();
    std::map<std::uint64_t, std::string> slots;
    for (const ElfSection& relocations : sections) {
        const bool usable = relocations.type == SHT_RELA && relocations.link < sections.size() &&
                            sections[relocations.link].type == SHT_DYNSYM &&
                            sections[relocations.link].link < sections.size();
        if (!usable) {
            continue;
        }
        const Bytes entries = image.contents(relocations);
        const Bytes symbols = image.contents(sections[relocations.link]);
        const Bytes strings = image.contents(sections[sections[relocations.link].link]);
        for (std::size_t i = 0; i < entries.size() / sizeof(Elf64_Rela); ++i) {
            const auto entry = entry_at<Elf64_Rela>(entries, i);
            const auto type = ELF64_R_TYPE(entry.r_info);
            const bool fills_slot = image.machine() == Machine::x86_64
                                        ? type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT
                                        : type == R_AARCH64_JUMP_SLOT || type == R_AARCH64_GLOB_DAT;
            const std::uint64_t symbol = ELF64_R_SYM(entry.r_info);
            if (fills_slot && symbol < symbols.size() / sizeof(Elf64_Sym)) {
                slots.emplace(entry.r_offset, name_at(strings, entry_at<Elf64_Sym>(symbols, symbol).st_name));
            }
        }
    }
    return slots;
}

std::map<std::uint64_t, std::uint64_t> code_pointers(const ElfImage& image, std::uint64_t begin,
                                                     std::uint64_t end) {
    const std::span<const ElfSection> sections = image.sections();
    std::map<std::uint64_t, std::uint64_t> pointers;
    const auto add = [&](std::uint64_t place, std::uint64_t target) {
        if (place >= begin && place < end && image.file_offset(target)) {
            pointers.emplace(place, target);
        }
    };
    const std::uint32_t relative =
        image.machine() == Machine::x86_64 ? R_X86_64_RELATIVE : R_AARCH64_RELATIVE;
    for (const ElfSection& section : sections) {
        if (section.type == SHT_RELA) {
            const Bytes entries = image.contents(section);
            for (std::size_t i = 0; i < entries.size() / sizeof(Elf64_Rela); ++i) {
                const auto entry = entry_at<Elf64_Rela>(entries, i);
                if (ELF64_R_TYPE(entry.r_info) == relative) {
                    add(entry.r_offset, static_cast<std::uint64_t>(entry.r_addend));
                }
            }
        } else if (section.type == SHT_RELR) {
            const auto places =
                packed_places(image.contents(section), begin, end, kMaxPointers / sizeof(std::uint64_t));
            for (const auto& [place, word] : words_at(image, places)) {
                add(place, word);
            }
        } else if (image.is_fixed() && section.type == SHT_PROGBITS && section.address < end &&
                   begin < section.address + section.size) {
            const std::uint64_t from = std::max(begin, section.address);
            const std::uint64_t to = std::min(end, section.address + section.size);
            const Bytes words =
                image.part(section, from - section.address, std::min(to - from, kMaxPointers));
            for (std::size_t i = 0; i < words.size() / sizeof(std::uint64_t); ++i) {
                add(from + i * sizeof(std::uint64_t), entry_at<std::uint64_t>(words, i));
            }
        }
    }
    return pointers;
}

}  // namespace sslsniff
