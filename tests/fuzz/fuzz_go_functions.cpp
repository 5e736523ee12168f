// The table of functions (pclntab) of a Go program that is traced, and what it says of itself.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "capture/discovery/inspected_file.h"
#include "unit/capture/discovery/elf_builder.h"

namespace {

/// A program that has `table`, and some functions that begin as Go's do.
sslsniff::Bytes program_with(sslsniff::ByteView table) {
    sslsniff::test::ElfBuilder elf;
    for (int i = 0; i < 4; ++i) {
        elf.function(
            "", sslsniff::ByteView("\x49\x3B\x66\x10\x76\x01\xC3\xC3", 8));  // cmp 0x10(%r14), %rsp; jbe; ret
    }
    elf.section(".gopclntab", 0x600000, table);
    elf.section(".go.buildinfo", 0x700000, table);
    return elf.build();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const int kFile = ::memfd_create("elf", MFD_CLOEXEC);
    const sslsniff::Bytes program = program_with({reinterpret_cast<const char*>(data), size});
    if (::ftruncate(kFile, 0) != 0 ||
        ::pwrite(kFile, program.data(), program.size(), 0) != static_cast<ssize_t>(program.size())) {
        return 0;
    }
    if (const auto image = sslsniff::ElfImage::from_descriptor(sslsniff::UniqueFd(::dup(kFile)))) {
        sslsniff::inspect_image(*image);
    }
    return 0;
}
