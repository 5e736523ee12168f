// The tables and texts inside an ELF image: symbols, dynamic section, version strings.
#include <elf.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ranges>
#include <set>

#include "capture/discovery/elf_image.h"
#include "capture/discovery/elf_read.h"

namespace sslsniff {
namespace {

constexpr std::uint64_t kMaxSearch = std::uint64_t{256} << 20;
constexpr std::size_t kSearchChunk = std::size_t{256} << 10;
constexpr std::size_t kOverlap = 256;  ///< longer than any text searched for, with its version
constexpr std::size_t kMaxVersion = 32;
constexpr std::string_view kVersionBytes = "0123456789.abcdefghijklmnopqrstuvwxyz+-";
constexpr std::size_t kMaxDynamicEntries = 16384;
constexpr std::size_t kMaxPath = 4096;
constexpr std::uint64_t kMaxPointers = std::uint64_t{1} << 20;

/// Bytes may have any value: memmem, which is fast.
std::size_t find(ByteView bytes, std::string_view text) {
    const void* const hit = ::memmem(bytes.data(), bytes.size(), text.data(), text.size());
    return hit == nullptr ? ByteView::npos
                          : static_cast<std::size_t>(static_cast<const char*>(hit) - bytes.data());
}

bool starts_with_digit(std::string_view text) {
    return !text.empty() && text[0] >= '0' && text[0] <= '9';
}

}  // namespace

ElfSymbols ElfImage::find_functions(std::span<const std::string_view> names) const {
    static constexpr std::uint16_t kHidden = 0x8000;  // in .gnu.version: not the default version
    const std::set<std::string_view> wanted(names.begin(), names.end());
    std::array<bool, 256> begins_wanted{};  // programs have a million symbols
    for (const std::string_view name : wanted) {
        begins_wanted[static_cast<unsigned char>(name.empty() ? '\0' : name.front())] = true;
    }
    ElfSymbols found;
    ElfSymbols hidden;
    const Section* const version_section = section(".gnu.version");
    for (const auto table_type : {SHT_DYNSYM, SHT_SYMTAB}) {
        const auto table =
            std::ranges::find(sections_, static_cast<std::uint32_t>(table_type), &Section::type);
        if (table == sections_.end() || table->link >= sections_.size()) {
            continue;
        }
        const Bytes symbols = contents(*table);
        const Bytes strings = contents(sections_[table->link]);
        const bool versioned = table_type == SHT_DYNSYM && version_section != nullptr;
        const Bytes versions = versioned ? contents(*version_section) : Bytes{};
        for (std::size_t i = 0; i < symbols.size() / sizeof(Elf64_Sym); ++i) {
            const auto symbol = entry_at<Elf64_Sym>(symbols, i);
            if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF ||
                symbol.st_value == 0 || symbol.st_name >= strings.size() ||
                !begins_wanted[static_cast<unsigned char>(strings[symbol.st_name])]) {
                continue;
            }
            // older linkers write the version into names of .symtab
            const std::string_view full_name = name_at(strings, symbol.st_name);
            const std::string_view name = full_name.substr(0, full_name.find('@'));
            if (!wanted.contains(name) || !file_offset(symbol.st_value)) {
                continue;
            }
            const bool old_version =
                i < versions.size() / sizeof kHidden && (entry_at<std::uint16_t>(versions, i) & kHidden) != 0;
            auto& into = old_version ? hidden : found;
            into.try_emplace(std::string(name), ElfSymbol{symbol.st_value, symbol.st_size});
        }
    }
    found.merge(hidden);
    return found;
}

template <class See>
void ElfImage::scan(std::string_view section_name, See see) const {
    const Section* const where = section(section_name);
    const std::uint64_t size = where != nullptr ? std::min(where->size, kMaxSearch) : 0;
    for (std::uint64_t at = 0; at < size; at += kSearchChunk) {
        const auto wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(kSearchChunk + kOverlap, size - at));
        const Bytes piece = read_at(fd_.get(), where->offset + at, wanted);
        if (!see(ByteView(piece)) || piece.size() < wanted) {
            break;
        }
    }
}

unsigned ElfImage::contained(std::string_view section_name, std::span<const std::string_view> texts) const {
    unsigned found = 0;
    const unsigned all = (1U << texts.size()) - 1;
    scan(section_name, [&](ByteView piece) {
        for (std::size_t i = 0; i < texts.size(); ++i) {
            if ((found & 1U << i) == 0 && find(piece, texts[i]) != ByteView::npos) {
                found |= 1U << i;
            }
        }
        return found != all;
    });
    return found;
}

std::optional<std::string> ElfImage::version_after(std::string_view section_name,
                                                   std::string_view prefix) const {
    std::optional<std::string> version;
    bool is_full = false;
    scan(section_name, [&](ByteView piece) {
        for (auto at = find(piece, prefix); at != ByteView::npos && !is_full;) {
            const ByteView rest = piece.substr(at + prefix.size(), kMaxVersion);
            const ByteView text = rest.substr(0, rest.find_first_not_of(kVersionBytes));
            is_full = starts_with_digit(text) && std::ranges::count(text, '.') >= 2;
            if (is_full || (!version && starts_with_digit(text))) {
                version = text;
            }
            const auto next = find(piece.substr(at + 1), prefix);
            at = next == ByteView::npos ? next : at + 1 + next;
        }
        return !is_full;
    });
    return version;
}

std::map<std::uint64_t, std::string> ElfImage::function_slots() const {
    std::map<std::uint64_t, std::string> slots;
    for (const Section& relocations : sections_) {
        const bool usable = relocations.type == SHT_RELA && relocations.link < sections_.size() &&
                            sections_[relocations.link].type == SHT_DYNSYM &&
                            sections_[relocations.link].link < sections_.size();
        if (!usable) {
            continue;
        }
        const Bytes entries = contents(relocations);
        const Bytes symbols = contents(sections_[relocations.link]);
        const Bytes strings = contents(sections_[sections_[relocations.link].link]);
        for (std::size_t i = 0; i < entries.size() / sizeof(Elf64_Rela); ++i) {
            const auto entry = entry_at<Elf64_Rela>(entries, i);
            const auto type = ELF64_R_TYPE(entry.r_info);
            const bool fills_slot = machine_ == Machine::x86_64
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

std::map<std::uint64_t, std::uint64_t> ElfImage::code_pointers(std::uint64_t begin, std::uint64_t end) const {
    std::map<std::uint64_t, std::uint64_t> pointers;
    const auto add = [&](std::uint64_t place, std::uint64_t target) {
        if (place >= begin && place < end && file_offset(target)) {
            pointers.emplace(place, target);
        }
    };
    const std::uint32_t relative = machine_ == Machine::x86_64 ? R_X86_64_RELATIVE : R_AARCH64_RELATIVE;
    for (const Section& section : sections_) {
        if (section.type == SHT_RELA) {
            const Bytes entries = contents(section);
            for (std::size_t i = 0; i < entries.size() / sizeof(Elf64_Rela); ++i) {
                const auto entry = entry_at<Elf64_Rela>(entries, i);
                if (ELF64_R_TYPE(entry.r_info) == relative) {
                    add(entry.r_offset, static_cast<std::uint64_t>(entry.r_addend));
                }
            }
        } else if (is_fixed_ && section.type == SHT_PROGBITS && section.address < end &&
                   begin < section.address + section.size) {
            const std::uint64_t from = std::max(begin, section.address);
            const std::uint64_t to = std::min(end, section.address + section.size);
            const Bytes words = read_at(fd_.get(), section.offset + (from - section.address),
                                        static_cast<std::size_t>(std::min(to - from, kMaxPointers)));
            for (std::size_t i = 0; i < words.size() / sizeof(std::uint64_t); ++i) {
                add(from + i * sizeof(std::uint64_t), entry_at<std::uint64_t>(words, i));
            }
        }
    }
    return pointers;
}

ElfImage::Dynamic ElfImage::dynamic() const {
    Dynamic result;
    const auto table = std::ranges::find(sections_, static_cast<std::uint32_t>(SHT_DYNAMIC), &Section::type);
    if (table == sections_.end() || table->link >= sections_.size()) {
        return result;
    }
    const Bytes entries = contents(*table);
    const Bytes strings = contents(sections_[table->link]);
    const std::size_t count = std::min(entries.size() / sizeof(Elf64_Dyn), kMaxDynamicEntries);
    for (std::size_t i = 0; i < count; ++i) {
        const auto entry = entry_at<Elf64_Dyn>(entries, i);
        if (entry.d_tag == DT_NULL) {
            break;
        }
        const std::string name(name_at(strings, entry.d_un.d_val).substr(0, kMaxPath));
        if (name.empty()) {
            continue;
        }
        if (entry.d_tag == DT_NEEDED) {
            result.needed.push_back(name);
        } else if (entry.d_tag == DT_RPATH || entry.d_tag == DT_RUNPATH) {
            for (const auto folder : std::views::split(name, ':')) {
                result.search_path.emplace_back(folder.begin(), folder.end());
            }
        }
    }
    return result;
}

}  // namespace sslsniff
