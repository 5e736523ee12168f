#include "capture/discovery/go_functions.h"
#include "base/find_bytes.h"
#include "capture/discovery/elf_relocations.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

namespace sslsniff {
namespace {

using namespace std::string_view_literals;

/// The integer at `offset`; nullopt when `bytes` end before.
template <class Integer>
std::optional<Integer> integer_at(ByteView bytes, std::uint64_t offset) {
    if (offset > bytes.size() || bytes.size() - offset < sizeof(Integer)) {
        return std::nullopt;
    }
    Integer value = 0;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

ByteView from(ByteView bytes, std::uint64_t offset) {
    return bytes.substr(std::min<std::uint64_t>(offset, bytes.size()));
}

/// The form of one version of the table.
struct TableForm {
    std::uint32_t magic;
    bool has_text_start;       ///< positions are offsets from there, of 4 bytes; else addresses, of 8
    std::uint64_t name_place;  ///< of the name's offset in a function's record
};
constexpr std::array kForms{
    TableForm{0xFFFFFFF1, true, 4},   // Go 1.20
    TableForm{0xFFFFFFF0, true, 4},   // Go 1.18
    TableForm{0xFFFFFFFA, false, 8},  // Go 1.16
};

/// Sections that may hold the table: linkers merge that of a PIE with others.
constexpr std::array kSections{".gopclntab"sv, ".data.rel.ro.gopclntab"sv, ".data.rel.ro"sv, ".rodata"sv};
constexpr std::string_view kBehindMagic{"\0\0\1\x08",
                                        4};  // two zeros, least size of an instruction, of a pointer
constexpr std::uint64_t kAlignment = 8;
constexpr std::uint64_t kMostFunctions = 1U << 24U;

struct Function {
    std::uint64_t begin = 0;  ///< as the table has it
    std::uint64_t size = 0;
};

/// One pclntab.
class Table {
  public:
    /// nullopt when none begins there.
    static std::optional<Table> at(ByteView bytes, std::uint64_t address) {
        const auto magic = integer_at<std::uint32_t>(bytes, 0);
        const auto form = std::ranges::find(kForms, magic.value_or(0), &TableForm::magic);
        if (form == kForms.end() || !from(bytes, sizeof *magic).starts_with(kBehindMagic)) {
            return std::nullopt;
        }
        Table table(bytes, address, *form);
        const bool has_names = table.names_ < bytes.size() && table.functions_ < bytes.size();
        return has_names && table.count_ > 0 && table.count_ <= kMostFunctions ? std::optional(table)
                                                                               : std::nullopt;
    }

    const TableForm& form() const { return form_; }
    std::uint64_t text_start() const { return text_start_; }
    /// Where the header has it, which relocation may fill.
    std::uint64_t text_start_place() const { return address_ + kTextStart; }

    std::map<std::string, Function, std::less<>> find(std::span<const std::string_view> names) const {
        const std::map<std::uint32_t, std::string_view> wanted = offsets_of(names);
        std::map<std::string, Function, std::less<>> found;
        const ByteView records = from(bytes_, functions_);
        for (std::uint64_t i = 0; i < count_ && found.size() < wanted.size(); ++i) {
            const auto record = position(records, 2 * i + 1);
            const auto name =
                record ? integer_at<std::uint32_t>(from(records, *record), form_.name_place) : std::nullopt;
            const auto which = name ? wanted.find(*name) : wanted.end();
            const auto begin = position(records, 2 * i);
            const auto end = position(records, 2 * i + 2);
            if (!record || !begin || !end) {
                break;
            }
            if (which != wanted.end() && *end > *begin) {
                found.try_emplace(std::string(which->second), Function{*begin, *end - *begin});
            }
        }
        return found;
    }

  private:
    static constexpr std::uint64_t kTextStart = 24;

    Table(ByteView bytes, std::uint64_t address, const TableForm& form)
        : bytes_(bytes), address_(address), form_(form) {
        // Behind the magic: number of functions, of files, [text start,] then where the parts of the table
        // are
        const std::uint64_t parts = form.has_text_start ? kTextStart + 8 : kTextStart;
        const auto number = [&](std::uint64_t offset) {
            return integer_at<std::uint64_t>(bytes, offset).value_or(~std::uint64_t{0});
        };
        count_ = number(8);
        text_start_ = form.has_text_start ? number(kTextStart) : 0;
        names_ = number(parts);
        names_end_ = number(parts + 8);
        functions_ = number(parts + 32);
    }

    /// Entry `index` of the list at the beginning of `records`: positions in code and offsets of records.
    std::optional<std::uint64_t> position(ByteView records, std::uint64_t index) const {
        if (form_.has_text_start) {
            return integer_at<std::uint32_t>(records, index * sizeof(std::uint32_t));
        }
        return integer_at<std::uint64_t>(records, index * sizeof(std::uint64_t));
    }

    /// Where among the names each one is.
    std::map<std::uint32_t, std::string_view> offsets_of(std::span<const std::string_view> names) const {
        const ByteView all =
            from(bytes_.substr(0, std::min<std::uint64_t>(names_end_, bytes_.size())), names_);
        std::map<std::uint32_t, std::string_view> offsets;
        for (const std::string_view name : names) {
            Bytes whole(1, '\0');
            whole.append(name).push_back('\0');
            if (const std::size_t at = find_bytes(all, whole); at != ByteView::npos) {
                offsets.emplace(static_cast<std::uint32_t>(at + 1), name);
            }
        }
        return offsets;
    }

    ByteView bytes_;
    std::uint64_t address_;
    TableForm form_;
    std::uint64_t count_ = 0;
    std::uint64_t text_start_ = 0;
    std::uint64_t names_ = 0;
    std::uint64_t names_end_ = 0;
    std::uint64_t functions_ = 0;
};

std::optional<Table> find_table(ByteView bytes, std::uint64_t address) {
    for (const TableForm& form : kForms) {
        Bytes beginning(sizeof form.magic, '\0');
        std::memcpy(beginning.data(), &form.magic, sizeof form.magic);
        beginning += kBehindMagic;
        for (std::size_t at = find_bytes(bytes, beginning); at != ByteView::npos;
             at = find_bytes(bytes, beginning, at + beginning.size())) {
            const auto table =
                at % kAlignment == 0 ? Table::at(bytes.substr(at), address + at) : std::nullopt;
            if (table) {
                return table;
            }
        }
    }
    return std::nullopt;
}

constexpr std::string_view kCompareStack = "\x49\x3B\x66\x10";               // cmp 0x10(%r14), %rsp
constexpr std::string_view kCompareR12 = "\x4D\x3B\x66\x10";                 // cmp 0x10(%r14), %r12
constexpr std::array kFarBelow{"\x4C\x8D\x64\x24"sv, "\x4C\x8D\xA4\x24"sv};  // lea -n(%rsp), %r12
constexpr std::string_view kLoadGoroutine = "\x64\x48\x8B\x0C\x25";          // mov %fs:..., %rcx
constexpr std::size_t kBeginning = 24;

GoConvention convention_of(ByteView code) {
    if (code.starts_with(kCompareStack)) {
        return GoConvention::registers;
    }
    for (std::size_t i = 0; i < kFarBelow.size(); ++i) {
        const std::size_t length = kFarBelow[i].size() + (i == 0 ? 1 : 4);
        if (code.starts_with(kFarBelow[i]) && from(code, length).starts_with(kCompareR12)) {
            return GoConvention::registers;
        }
    }
    return code.starts_with(kLoadGoroutine) ? GoConvention::stack : GoConvention::unknown;
}

using Functions = std::map<std::string, Function, std::less<>>;

/// All functions begin as Go's do when positions count from `start`.
bool fits(const ElfImage& image, const Functions& functions, std::uint64_t start) {
    return std::ranges::all_of(functions, [&](const auto& function) {
        return convention_at(image, start + function.second.begin) != GoConvention::unknown;
    });
}

/// By the code alone: where functions begin as Go's do at exactly these distances, and nowhere else.
std::optional<std::uint64_t> start_by_code(const ElfImage& image, const Functions& functions) {
    constexpr std::size_t kLeast = 4;    // functions, for chance to be no matter
    constexpr std::uint64_t kStep = 16;  // functions are aligned so, at least
    if (functions.size() < kLeast) {
        return std::nullopt;
    }
    const Bytes text = image.section_bytes(".text");
    const std::uint64_t address = image.section_address(".text");
    const auto last = std::ranges::max_element(functions, {}, [](const auto& each) {
                          return each.second.begin;
                      })->second.begin;
    std::optional<std::uint64_t> found;
    for (std::uint64_t at = 0; at + last < text.size(); at += kStep) {
        const bool fit = std::ranges::all_of(functions, [&](const auto& each) {
            return convention_of(from(text, at + each.second.begin)) != GoConvention::unknown;
        });
        if (fit && found) {
            return std::nullopt;
        }
        if (fit) {
            found = address + at;
        }
    }
    return found;
}

/// What the positions in the table count from.
std::optional<std::uint64_t> start_of_code(const ElfImage& image, const Table& table,
                                           const Functions& functions) {
    if (!table.form().has_text_start) {
        return fits(image, functions, 0) ? std::optional<std::uint64_t>(0) : std::nullopt;
    }
    std::vector<std::uint64_t> starts{table.text_start(), image.section_address(".text")};
    for (const auto& [place, target] :
         code_pointers(image, table.text_start_place(), table.text_start_place() + 1)) {
        starts.push_back(target);
    }
    const auto start =
        std::ranges::find_if(starts, [&](std::uint64_t each) { return fits(image, functions, each); });
    return start != starts.end() ? std::optional(*start) : start_by_code(image, functions);
}

/// A number of 7 bits to the byte (encoding/binary.Uvarint), of one or two bytes.
std::uint64_t short_varint(ByteView& bytes) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift <= 7 && !bytes.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(bytes.front());
        bytes.remove_prefix(1);
        value |= std::uint64_t{byte & 0x7FU} << shift;
        if ((byte & 0x80U) == 0) {
            break;
        }
    }
    return value;
}

}  // namespace

GoConvention convention_at(const ElfImage& image, std::uint64_t function) {
    return convention_of(image.code(function, kBeginning));
}

ElfSymbols find_go_functions(const ElfImage& image, std::span<const std::string_view> names) {
    if (image.machine() != Machine::x86_64 || !image.has_section(".go.buildinfo")) {
        return {};
    }
    for (const std::string_view section : kSections) {
        const Bytes bytes = image.section_bytes(section);
        const auto table = find_table(bytes, image.section_address(section));
        if (!table) {
            continue;
        }
        const Functions functions = table->find(names);
        const auto start = functions.empty() ? std::nullopt : start_of_code(image, *table, functions);
        ElfSymbols symbols;
        if (start) {
            for (const auto& [name, function] : functions) {
                symbols.emplace(name, ElfSymbol{*start + function.begin, function.size, FoundBy::go_table});
            }
        }
        return symbols;
    }
    return {};
}

std::string go_version(const ElfImage& image) {
    constexpr std::uint64_t kFlags = 15;
    constexpr std::uint64_t kPointer = 16;
    constexpr std::uint64_t kText = 32;  // since Go 1.18
    constexpr unsigned kHasText = 2;
    constexpr std::size_t kLongest = 64;
    constexpr std::string_view kDigits = "0123456789.abcdefghijklmnopqrstuvwxyz";
    const Bytes information = image.section_bytes(".go.buildinfo");
    Bytes text;
    if ((integer_at<std::uint8_t>(information, kFlags).value_or(0) & kHasText) != 0) {
        ByteView rest = from(information, kText);
        const std::uint64_t length = short_varint(rest);
        text = rest.substr(0, std::min<std::uint64_t>(length, kLongest));
    } else {
        const Bytes header = image.data(integer_at<std::uint64_t>(information, kPointer).value_or(0), 16);
        const std::uint64_t length = integer_at<std::uint64_t>(header, 8).value_or(0);
        text = image.data(integer_at<std::uint64_t>(header, 0).value_or(0),
                          std::min<std::uint64_t>(length, kLongest));
    }
    if (!text.starts_with("go")) {
        return {};
    }
    return text.substr(2, text.find_first_not_of(kDigits, 2) - 2);
}

}  // namespace sslsniff
