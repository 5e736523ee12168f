#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace sslsniff::test {

/// Writes a small but valid x86-64 or aarch64 shared object: .text at kTextAddress, .dynsym, .rodata,
/// .dynamic.
class ElfBuilder {
  public:
    static constexpr std::uint64_t kTextAddress = 0x401000;
    static constexpr std::uint64_t kTextOffset = 0x1000;
    static constexpr std::uint64_t kDataAddress = 0x801000;

    /// Appends a function; returns its address. Functions without a name have no symbol.
    std::uint64_t function(std::string_view name, ByteView code);
    /// One more section. `name` is to live as long as this.
    void section(const char* name, std::uint64_t address, ByteView bytes) {
        extra_.push_back({name, address, Bytes(bytes)});
    }
    void rodata(ByteView bytes) { rodata_.append(bytes).push_back('\0'); }
    void needs(std::string_view library) { needed_.emplace_back(library); }
    void machine(std::uint16_t machine) { machine_ = machine; }
    /// Appends pointers to .data.rel.ro, 0 being none.
    void pointers(std::initializer_list<std::uint64_t> targets) {
        pointers_.insert(pointers_.end(), targets.begin(), targets.end());
    }
    enum class Relocations : std::uint8_t { rela, relr };
    /// How it is told where they are.
    void relocations(Relocations form) { relocations_ = form; }

    Bytes build() const;
    /// Where the next function will be.
    std::uint64_t next_address() const { return kTextAddress + text_.size(); }

  private:
    struct Symbol {
        std::string name;
        std::uint64_t address;
        std::uint64_t size;
    };
    struct Section {
        const char* name;
        std::uint64_t address;
        Bytes bytes;
    };
    std::uint16_t machine_ = 62;  // EM_X86_64
    Bytes text_;
    Bytes rodata_;
    std::vector<Symbol> symbols_;
    std::vector<std::string> needed_;
    std::vector<std::uint64_t> pointers_;
    Relocations relocations_ = Relocations::rela;
    std::vector<Section> extra_;
};

/// call rel32 at `address`
Bytes call_to(std::uint64_t address, std::uint64_t target);
/// jmp rel32 at `address`
Bytes jump_to(std::uint64_t address, std::uint64_t target);

/// A libssl as compilers make it: SSL_read and SSL_read_ex (single-stepped sub) share an internal function
/// that begins with push; the same for write (with flags in `with_flags`) and peek; early data calls X_ex.
ElfBuilder openssl_like(bool with_flags = false);

}  // namespace sslsniff::test
