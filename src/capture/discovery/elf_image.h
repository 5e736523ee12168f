#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/unique_fd.h"
#include "capture/discovery/attach_plan.h"
#include "capture/discovery/found_by.h"

namespace sslsniff {

enum class Machine : std::uint8_t { x86_64, aarch64 };

enum class ElfProblem : std::uint8_t {
    unreadable,   ///< open, stat or read failed
    not_elf,      ///< something else, or not a regular file: nothing to see
    unsupported,  ///< an ELF file for another machine or of another class
    corrupt       ///< its headers contradict the file
};

struct ElfFailure {
    ElfProblem problem = ElfProblem::unreadable;
    std::string message;  ///< one sentence without the path
};

struct ElfSymbol {
    std::uint64_t address = 0;  ///< virtual, not relocated
    std::uint64_t size = 0;     ///< 0 when unknown
    FoundBy found_by = FoundBy::symbol;
};

using ElfSymbols = std::map<std::string, ElfSymbol, std::less<>>;

/// Tells whether a file is still the one seen before: inodes are reused.
struct FileStamp {
    FileId id;
    std::int64_t size = 0;
    std::int64_t modified = 0;  ///< ns since the epoch
    std::int64_t changed = 0;
    bool operator==(const FileStamp&) const = default;
};

/// The stamp of what `path` leads to; nullopt when it leads nowhere or to something else than a regular file.
std::optional<FileStamp> stamp_of(const std::string& path);

struct ElfSection {
    std::string name;
    std::uint64_t address = 0;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;  ///< of what lies inside the file
    std::uint32_t type = 0;  ///< SHT_*
    std::uint32_t link = 0;  ///< index of its string table
};

/// A 64-bit little-endian ELF executable or shared object, read through its descriptor as needed. Files are
/// hostile: nothing is mapped (a file that shrinks would raise SIGBUS), sections are bounded, wrong headers
/// give failures or empty answers.
class ElfImage {
  public:
    /// Opens a regular file for reading only; devices, FIFOs and sockets are refused unopened.
    static std::expected<ElfImage, ElfFailure> open(const std::string& path);
    static std::expected<ElfImage, ElfFailure> from_descriptor(UniqueFd fd);

    Machine machine() const { return machine_; }
    const FileStamp& stamp() const { return stamp_; }
    /// The file lies on overlayfs, so a FileId of another device may be the same file.
    bool is_overlay() const { return is_overlay_; }
    /// NT_GNU_BUILD_ID in hex; empty when there is none.
    std::string build_id() const;

    /// Functions defined in .dynsym or .symtab under one of `names`, by name without version. Of several
    /// versions the default one (name@@version) counts.
    ElfSymbols find_functions(std::span<const std::string_view> names) const;

    /// Where the byte at `address` lies in the file; nullopt outside of executable segments.
    std::optional<std::uint64_t> file_offset(std::uint64_t address) const;
    /// At most `size` bytes of code at `address`; less at the end of its segment, empty outside of one.
    Bytes code(std::uint64_t address, std::size_t size) const;
    /// `address` lies in a procedure linkage table: a call there goes to another function.
    bool in_plt(std::uint64_t address) const;

    bool has_section(std::string_view name) const;
    /// Where a section lies when it is loaded; 0 when there is none.
    std::uint64_t section_address(std::string_view name) const;
    /// What the file has of a section, 128 MiB at most.
    Bytes section_bytes(std::string_view name) const;
    /// At most `size` bytes (64 KiB) that some section has in the file for `address`, as they are there:
    /// before relocation.
    Bytes data(std::uint64_t address, std::size_t size) const;
    std::span<const ElfSection> sections() const { return sections_; }
    /// What the file has of a section, 128 MiB at most.
    Bytes contents(const ElfSection& section) const;
    /// At most `size` bytes of it from `offset` on.
    Bytes part(const ElfSection& section, std::uint64_t offset, std::uint64_t size) const;
    /// Pointers lie in the file as they are (ET_EXEC).
    bool is_fixed() const { return is_fixed_; }
    /// Hands the first 512 MiB of code piece by piece to `see`, with its address. Pieces overlap by 16 bytes.
    void scan_code(const std::function<void(std::uint64_t address, ByteView)>& see) const;
    /// Hands the first 256 MiB of a section piece by piece to `see`, with the address of the piece, as long
    /// as it returns true. Pieces overlap by kOverlap bytes.
    using SeePiece = std::function<bool(ByteView piece, std::uint64_t address)>;
    void scan_section(std::string_view name, const SeePiece& see) const;
    static constexpr std::size_t kOverlap = 256;

    struct Dynamic {
        std::vector<std::string> needed;       ///< DT_NEEDED
        std::vector<std::string> search_path;  ///< DT_RPATH, DT_RUNPATH as they are ($ORIGIN unresolved)
    };
    Dynamic dynamic() const;

  private:
    struct Segment {
        std::uint64_t address = 0;
        std::uint64_t offset = 0;
        std::uint64_t size = 0;  ///< in the file
    };
    ElfImage() = default;
    std::expected<void, ElfFailure> load();
    void load_sections(std::uint64_t table, std::size_t count, std::size_t names_index);
    const ElfSection* section(std::string_view name) const;

    UniqueFd fd_;
    Machine machine_ = Machine::x86_64;
    FileStamp stamp_;
    std::uint64_t file_size_ = 0;
    bool is_overlay_ = false;
    bool is_fixed_ = false;  ///< ET_EXEC: pointers lie in the file as they are
    std::vector<Segment> executable_;
    std::vector<ElfSection> sections_;
};

}  // namespace sslsniff
