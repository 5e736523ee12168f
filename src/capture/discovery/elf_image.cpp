#include "capture/discovery/elf_image.h"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ranges>
#include <set>

#include "capture/discovery/elf_table.h"

namespace sslsniff {
namespace {

/// Reads up to `size` bytes at `offset`; what is there when the file ends early.
Bytes read_at(int fd, std::uint64_t offset, std::size_t size) {
    Bytes out(size, '\0');
    std::size_t used = 0;
    while (used < size) {
        const ssize_t count = ::pread(fd, out.data() + used, size - used, static_cast<off_t>(offset + used));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            break;
        }
        used += static_cast<std::size_t>(count);
    }
    out.resize(used);
    return out;
}

constexpr std::uint64_t kMaxTable = std::uint64_t{128} << 20;  ///< of one section read whole
constexpr std::uint64_t kMaxCode = std::uint64_t{64} << 10;    ///< of one read of code or data
constexpr std::uint64_t kMaxNote = 4096;
constexpr std::size_t kMaxSectionName = 256;
constexpr long kOverlayMagic = 0x794c7630;  // OVERLAYFS_SUPER_MAGIC in linux/magic.h

std::unexpected<ElfFailure> failed(ElfProblem problem, std::string message) {
    return std::unexpected(ElfFailure{problem, std::move(message)});
}

FileStamp stamp_from(const struct stat& info) {
    const auto nanoseconds = [](const timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; };
    return {{info.st_dev, info.st_ino}, info.st_size, nanoseconds(info.st_mtim), nanoseconds(info.st_ctim)};
}

constexpr std::uint64_t kMaxSearch = std::uint64_t{256} << 20;
constexpr std::uint64_t kMaxScannedCode = std::uint64_t{512} << 20;  ///< chromium has 236 MiB
constexpr std::size_t kSearchChunk = std::size_t{256} << 10;
constexpr std::size_t kMaxDynamicEntries = 16384;
constexpr std::size_t kMaxPath = 4096;

}  // namespace

std::optional<FileStamp> stamp_of(const std::string& path) {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) {
        return std::nullopt;
    }
    return stamp_from(info);
}

std::expected<ElfImage, ElfFailure> ElfImage::open(const std::string& path) {
    struct stat info{};
    // Opening a device can have effects of its own.
    if (::stat(path.c_str(), &info) != 0) {
        return failed(ElfProblem::unreadable, std::strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return failed(ElfProblem::not_elf, "not a regular file");
    }
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!fd) {
        return failed(ElfProblem::unreadable, std::strerror(errno));
    }
    return from_descriptor(std::move(fd));
}

std::expected<ElfImage, ElfFailure> ElfImage::from_descriptor(UniqueFd fd) {
    struct stat info{};
    if (::fstat(fd.get(), &info) != 0) {
        return failed(ElfProblem::unreadable, std::strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return failed(ElfProblem::not_elf, "not a regular file");
    }
    struct statfs file_system{};
    ElfImage image;
    image.is_overlay_ = ::fstatfs(fd.get(), &file_system) == 0 && file_system.f_type == kOverlayMagic;
    image.stamp_ = stamp_from(info);
    image.file_size_ = static_cast<std::uint64_t>(std::max<off_t>(info.st_size, 0));
    image.fd_ = std::move(fd);
    auto loaded = image.load();
    if (!loaded) {
        return std::unexpected(std::move(loaded.error()));
    }
    return image;
}

std::expected<void, ElfFailure> ElfImage::load() {
    const Bytes head = read_at(fd_.get(), 0, sizeof(Elf64_Ehdr));
    if (head.size() < SELFMAG || std::memcmp(head.data(), ELFMAG, SELFMAG) != 0) {
        return failed(ElfProblem::not_elf, "not an ELF file");
    }
    if (head.size() < EI_NIDENT || head[EI_CLASS] != ELFCLASS64 || head[EI_DATA] != ELFDATA2LSB) {
        return failed(ElfProblem::unsupported, "not a 64-bit little-endian program");
    }
    if (head.size() < sizeof(Elf64_Ehdr)) {
        return failed(ElfProblem::corrupt, "the ELF header is cut off");
    }
    const auto header = entry_at<Elf64_Ehdr>(head, 0);
    if (header.e_type != ET_EXEC && header.e_type != ET_DYN) {
        return failed(ElfProblem::not_elf, "neither a program nor a shared library");
    }
    if (header.e_machine != EM_X86_64 && header.e_machine != EM_AARCH64) {
        return failed(ElfProblem::unsupported,
                      fmt::format("for another machine (ELF machine {})", header.e_machine));
    }
    is_fixed_ = header.e_type == ET_EXEC;
    machine_ = header.e_machine == EM_X86_64 ? Machine::x86_64 : Machine::aarch64;
    if (header.e_phentsize != sizeof(Elf64_Phdr) ||
        (header.e_shnum != 0 && header.e_shentsize != sizeof(Elf64_Shdr))) {
        return failed(ElfProblem::corrupt, "the ELF header is damaged");
    }
    const Bytes programs = read_at(fd_.get(), header.e_phoff, header.e_phnum * sizeof(Elf64_Phdr));
    for (std::size_t i = 0; i < programs.size() / sizeof(Elf64_Phdr); ++i) {
        const auto segment = entry_at<Elf64_Phdr>(programs, i);
        if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0 && segment.p_offset < file_size_) {
            const std::uint64_t size = std::min(segment.p_filesz, file_size_ - segment.p_offset);
            executable_.push_back({segment.p_vaddr, segment.p_offset, std::min(size, ~segment.p_vaddr)});
        }
    }
    if (executable_.empty()) {
        return failed(ElfProblem::corrupt, "no executable segment");
    }
    load_sections(header.e_shoff, header.e_shnum, header.e_shstrndx);
    return {};
}

// Extended numbering (more than 65,279 sections, e_shnum 0) is not for linked programs: none are seen then.
void ElfImage::load_sections(std::uint64_t table, std::size_t count, std::size_t names_index) {
    const Bytes headers = read_at(fd_.get(), table, count * sizeof(Elf64_Shdr));
    std::vector<std::uint32_t> name_offsets;
    for (std::size_t i = 0; i < headers.size() / sizeof(Elf64_Shdr); ++i) {
        const auto header = entry_at<Elf64_Shdr>(headers, i);
        ElfSection section;
        section.address = header.sh_addr;
        section.offset = std::min<std::uint64_t>(header.sh_offset, file_size_);
        section.size = header.sh_type == SHT_NOBITS
                           ? 0
                           : std::min<std::uint64_t>(header.sh_size, file_size_ - section.offset);
        section.type = header.sh_type;
        section.link = header.sh_link;
        sections_.push_back(std::move(section));
        name_offsets.push_back(header.sh_name);
    }
    if (names_index < sections_.size()) {
        const Bytes names = contents(sections_[names_index]);
        for (std::size_t i = 0; i < sections_.size(); ++i) {
            sections_[i].name = name_at(names, name_offsets[i]).substr(0, kMaxSectionName);
        }
    }
}

const ElfSection* ElfImage::section(std::string_view name) const {
    const auto found = std::ranges::find(sections_, name, &ElfSection::name);
    return found != sections_.end() ? &*found : nullptr;
}

bool ElfImage::has_section(std::string_view name) const {
    return section(name) != nullptr;
}

std::uint64_t ElfImage::section_address(std::string_view name) const {
    const ElfSection* const found = section(name);
    return found != nullptr ? found->address : 0;
}

Bytes ElfImage::section_bytes(std::string_view name) const {
    const ElfSection* const found = section(name);
    return found != nullptr ? contents(*found) : Bytes{};
}

Bytes ElfImage::data(std::uint64_t address, std::size_t size) const {
    for (const ElfSection& section : sections_) {
        if (section.address != 0 && address >= section.address && address - section.address < section.size) {
            const std::uint64_t at = address - section.address;
            const auto available = std::min<std::uint64_t>({size, section.size - at, kMaxCode});
            return read_at(fd_.get(), section.offset + at, static_cast<std::size_t>(available));
        }
    }
    return {};
}

Bytes ElfImage::contents(const ElfSection& section) const {
    return read_at(fd_.get(), section.offset, std::min(section.size, kMaxTable));
}

Bytes ElfImage::part(const ElfSection& section, std::uint64_t offset, std::uint64_t size) const {
    const std::uint64_t from = std::min(offset, section.size);
    return read_at(fd_.get(), section.offset + from,
                   static_cast<std::size_t>(std::min({size, section.size - from, kMaxTable})));
}

std::string ElfImage::build_id() const {
    static constexpr std::string_view kOwner{"GNU\0", 4};
    const ElfSection* const note = section(".note.gnu.build-id");
    const Bytes bytes =
        note != nullptr ? read_at(fd_.get(), note->offset, std::min(note->size, kMaxNote)) : Bytes{};
    std::string id;
    if (bytes.size() < sizeof(Elf64_Nhdr)) {
        return id;
    }
    const auto header = entry_at<Elf64_Nhdr>(bytes, 0);
    const std::size_t at = sizeof header + kOwner.size();
    if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == kOwner.size() &&
        ByteView(bytes).substr(sizeof header).starts_with(kOwner) && header.n_descsz <= bytes.size() - at) {
        for (const char byte : ByteView(bytes).substr(at, header.n_descsz)) {
            fmt::format_to(std::back_inserter(id), "{:02x}", static_cast<unsigned char>(byte));
        }
    }
    return id;
}

std::optional<std::uint64_t> ElfImage::file_offset(std::uint64_t address) const {
    for (const Segment& segment : executable_) {
        if (address >= segment.address && address - segment.address < segment.size) {
            return segment.offset + (address - segment.address);
        }
    }
    return std::nullopt;
}

Bytes ElfImage::code(std::uint64_t address, std::size_t size) const {
    for (const Segment& segment : executable_) {
        if (address >= segment.address && address - segment.address < segment.size) {
            const std::uint64_t at = address - segment.address;
            const auto available = std::min<std::uint64_t>({size, segment.size - at, kMaxCode});
            return read_at(fd_.get(), segment.offset + at, static_cast<std::size_t>(available));
        }
    }
    return {};
}

bool ElfImage::in_plt(std::uint64_t address) const {
    return std::ranges::any_of(sections_, [address](const ElfSection& section) {
        return section.name.starts_with(".plt") && address >= section.address &&
               address - section.address < section.size;
    });
}

ElfSymbols ElfImage::find_functions(std::span<const std::string_view> names) const {
    static constexpr std::uint16_t kHidden = 0x8000;  // in .gnu.version: not the default version
    const std::set<std::string_view> wanted(names.begin(), names.end());
    std::array<bool, 256> begins_wanted{};  // programs have a million symbols
    for (const std::string_view name : wanted) {
        begins_wanted[static_cast<unsigned char>(name.empty() ? '\0' : name.front())] = true;
    }
    ElfSymbols found;
    ElfSymbols hidden;
    const ElfSection* const version_section = section(".gnu.version");
    for (const auto table_type : {SHT_DYNSYM, SHT_SYMTAB}) {
        const auto table =
            std::ranges::find(sections_, static_cast<std::uint32_t>(table_type), &ElfSection::type);
        if (table == sections_.end() || table->link >= sections_.size()) {
            continue;
        }
        const Bytes symbols = contents(*table);
        const Bytes strings = contents(sections_[table->link]);
        const bool versioned = table_type == SHT_DYNSYM && version_section != nullptr;
        const FoundBy found_by = table_type == SHT_DYNSYM ? FoundBy::dynamic_symbol : FoundBy::symbol;
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
            into.try_emplace(std::string(name), ElfSymbol{symbol.st_value, symbol.st_size, found_by});
        }
    }
    found.merge(hidden);
    return found;
}

void ElfImage::scan_section(std::string_view name, const SeePiece& see) const {
    const ElfSection* const where = section(name);
    const std::uint64_t size = where != nullptr ? std::min(where->size, kMaxSearch) : 0;
    for (std::uint64_t at = 0; at < size; at += kSearchChunk) {
        const auto wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(kSearchChunk + kOverlap, size - at));
        const Bytes piece = read_at(fd_.get(), where->offset + at, wanted);
        if (!see(piece, where->address + at) || piece.size() < wanted) {
            break;
        }
    }
}

void ElfImage::scan_code(const std::function<void(std::uint64_t address, ByteView)>& see) const {
    constexpr std::size_t kChunk = std::size_t{1} << 20;
    constexpr std::size_t kMore = 16;
    std::uint64_t left = kMaxScannedCode;
    for (const Segment& segment : executable_) {
        const std::uint64_t size = std::min(segment.size, left);
        left -= size;
        for (std::uint64_t at = 0; at < size; at += kChunk) {
            const auto wanted = std::min<std::uint64_t>(kChunk + kMore, size - at);
            const Bytes piece = read_at(fd_.get(), segment.offset + at, static_cast<std::size_t>(wanted));
            see(segment.address + at, piece);
            if (piece.size() < wanted) {
                break;
            }
        }
    }
}

ElfImage::Dynamic ElfImage::dynamic() const {
    Dynamic result;
    const auto table =
        std::ranges::find(sections_, static_cast<std::uint32_t>(SHT_DYNAMIC), &ElfSection::type);
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
