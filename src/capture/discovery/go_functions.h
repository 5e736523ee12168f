#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "capture/discovery/elf_image.h"

namespace sslsniff {

/// How functions of a Go program take their arguments, as the check of the stack's end shows by which they
/// begin: cmd/internal/obj/x86/obj6.go, stacksplit().
enum class GoConvention : std::uint8_t {
    registers,  ///< ABIInternal of Go 1.17 and newer on amd64: arguments in rax, rbx, rcx ..., g in r14
    stack,      ///< before that
    unknown,
};

/// Functions by the table that the Go runtime itself looks them up in (pclntab: src/runtime/symtab.go,
/// src/internal/abi/symtab.go), which stripped programs have, too. Of Go 1.16 and newer; those that are not
/// found are left out. Their sizes are exact.
///
/// Where the code begins that the table counts from is told differently by each version and linker. So it is
/// believed only when all functions that are found begin as Go's do; else the answer is empty. The table is
/// hostile: time is linear in its size.
ElfSymbols find_go_functions(const ElfImage& image, std::span<const std::string_view> names);

GoConvention convention_at(const ElfImage& image, std::uint64_t function);

/// "1.19.8", of what was built by Go; empty when it does not tell: .go.buildinfo, as debug/buildinfo reads
/// it.
std::string go_version(const ElfImage& image);

}  // namespace sslsniff
