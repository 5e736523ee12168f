#include "unit/capture/discovery/elf_builder.h"

#include <elf.h>

#include <cstring>

namespace sslsniff::test {
namespace {

template <class Struct>
void append(Bytes& to, const Struct& value) {
    to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

Bytes relative(char opcode, std::uint64_t address, std::uint64_t target) {
    const auto distance = static_cast<std::int32_t>(target - (address + 5));
    Bytes code(1, opcode);
    append(code, distance);
    return code;
}

struct SectionSpec {
    const char* name;
    Elf64_Word type;
    std::uint64_t address;
    Bytes contents;
    Elf64_Word link;
    std::uint64_t offset;
};

}  // namespace

Bytes call_to(std::uint64_t address, std::uint64_t target) {
    return relative('\xE8', address, target);
}

Bytes jump_to(std::uint64_t address, std::uint64_t target) {
    return relative('\xE9', address, target);
}

std::uint64_t ElfBuilder::function(std::string_view name, ByteView code) {
    const std::uint64_t address = next_address();
    text_.append(code);
    if (!name.empty()) {
        symbols_.push_back({std::string(name), address, code.size()});
    }
    text_.resize((text_.size() + 15) / 16 * 16, '\xCC');
    return address;
}

Bytes ElfBuilder::build() const {
    Bytes strings(1, '\0');
    Bytes symbols(sizeof(Elf64_Sym), '\0');
    const auto name_offset = [&](std::string_view name) {
        const auto offset = static_cast<Elf64_Word>(strings.size());
        strings.append(name).push_back('\0');
        return offset;
    };
    for (const Symbol& symbol : symbols_) {
        append(symbols, Elf64_Sym{name_offset(symbol.name), ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 1,
                                  symbol.address, symbol.size});
    }
    Bytes dynamic;
    for (const std::string& library : needed_) {
        append(dynamic, Elf64_Dyn{DT_NEEDED, {name_offset(library)}});
    }
    append(dynamic, Elf64_Dyn{DT_NULL, {0}});

    Bytes note;
    append(note, Elf64_Nhdr{4, 4, NT_GNU_BUILD_ID});
    note.append("GNU\0\xAB\xCD\xEF\x01", 8);

    Bytes data;
    Bytes rela;
    Bytes relr;
    for (const std::uint64_t target : pointers_) {
        const std::uint64_t place = kDataAddress + data.size();
        const bool is_packed = relocations_ == Relocations::relr;
        append(data, is_packed ? target : 0);
        if (target != 0 && is_packed) {
            append(relr, place);
        } else if (target != 0) {
            append(rela, Elf64_Rela{place, R_X86_64_RELATIVE, static_cast<Elf64_Sxword>(target)});
        }
    }

    std::vector<SectionSpec> sections{
        {"", SHT_NULL, 0, {}, 0, 0},
        {".text", SHT_PROGBITS, kTextAddress, text_, 0, 0},
        {".dynsym", SHT_DYNSYM, 0, symbols, 3, 0},
        {".dynstr", SHT_STRTAB, 0, strings, 0, 0},
        {".rodata", SHT_PROGBITS, 0, rodata_, 0, 0},
        {".dynamic", SHT_DYNAMIC, 0, dynamic, 3, 0},
        {".note.gnu.build-id", SHT_NOTE, 0, note, 0, 0},
        {".data.rel.ro", SHT_PROGBITS, kDataAddress, data, 0, 0},
        {".rela.dyn", SHT_RELA, 0, rela, 0, 0},
        {".relr.dyn", SHT_RELR, 0, relr, 0, 0},
    };
    for (const Section& section : extra_) {
        sections.push_back({section.name, SHT_PROGBITS, section.address, section.bytes, 0, 0});
    }
    sections.push_back({".shstrtab", SHT_STRTAB, 0, {}, 0, 0});
    std::vector<Elf64_Word> names;
    for (const SectionSpec& section : sections) {
        names.push_back(static_cast<Elf64_Word>(sections.back().contents.size()));
        sections.back().contents.append(section.name).push_back('\0');
    }
    Bytes out(kTextOffset, '\0');
    for (SectionSpec& section : sections) {
        section.offset = out.size();
        out.append(section.contents);
    }
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_DYN;
    header.e_machine = machine_;
    header.e_version = EV_CURRENT;
    header.e_ehsize = sizeof header;
    header.e_phoff = sizeof header;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = 1;
    header.e_shoff = out.size();
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = static_cast<Elf64_Half>(sections.size());
    header.e_shstrndx = static_cast<Elf64_Half>(sections.size() - 1);
    const Elf64_Phdr text{PT_LOAD,      PF_R | PF_X,  kTextOffset,  kTextAddress,
                          kTextAddress, text_.size(), text_.size(), 0x1000};
    std::memcpy(out.data(), &header, sizeof header);
    std::memcpy(out.data() + sizeof header, &text, sizeof text);
    for (std::size_t i = 0; i < sections.size(); ++i) {
        append(out, Elf64_Shdr{names[i], sections[i].type, 0, sections[i].address, sections[i].offset,
                               sections[i].contents.size(), sections[i].link, 0, 1, 0});
    }
    return out;
}

ElfBuilder openssl_like(bool with_flags) {
    static const Bytes kSub("\x48\x83\xEC\x18", 4);                      // sub $0x18, %rsp
    static const Bytes kSmallSub("\x48\x83\xEC\x08", 4);                 // sub $8, %rsp
    static const Bytes kDoneIsFourth("\x48\x89\xE1", 3);                 // mov %rsp, %rcx
    static const Bytes kDoneIsFifth("\x4C\x8D\x44\x24\x08\x31\xC9", 7);  // lea 8(%rsp), %r8; xor %ecx, %ecx
    static const Bytes kReturn("\xC3", 1);
    static const Bytes kAdd("\x48\x83\xC4\x18\xC3", 5);       // add $0x18, %rsp; ret
    static const Bytes kSmallAdd("\x48\x83\xC4\x08\xC3", 5);  // add $8, %rsp; ret
    ElfBuilder elf;
    elf.rodata("OpenSSL 3.0.17 1 Jul 2025");
    const std::uint64_t error = elf.function("ERR_new", kReturn);
    const auto family = [&](const std::string& name, bool flags) {
        // push %r13; push %rbx; pop %rbx; pop %r13; ret
        const std::uint64_t internal = elf.function("", Bytes("\x41\x55\x53\x5B\x41\x5D\xC3", 7));
        Bytes code = kSub;
        code += call_to(elf.next_address() + code.size(), error);
        code += flags ? kDoneIsFifth : kDoneIsFourth;
        code += call_to(elf.next_address() + code.size(), internal);
        elf.function(name, code + kAdd);
        code = kSmallSub;
        code += call_to(elf.next_address() + code.size(), error);
        code += call_to(elf.next_address() + code.size(), internal);
        return elf.function(name + (flags ? "_ex2" : "_ex"), code + kSmallAdd);
    };
    const auto stepped_caller = [&](const std::string& name, std::uint64_t target) {
        return elf.function(name,
                            kSmallSub + call_to(elf.next_address() + kSmallSub.size(), target) + kSmallAdd);
    };
    stepped_caller("SSL_read_early_data", family("SSL_read", false));
    family("SSL_peek", false);
    const std::uint64_t write = family("SSL_write", with_flags);
    const std::uint64_t write_ex =
        with_flags ? elf.function("SSL_write_ex", jump_to(elf.next_address(), write)) : write;
    stepped_caller("SSL_write_early_data", write_ex);
    elf.function("SSL_free", kSub + kAdd);
    return elf;
}

}  // namespace sslsniff::test
