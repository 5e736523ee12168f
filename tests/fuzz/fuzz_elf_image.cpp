// An ELF file of a traced process: everything discovery reads from it.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "capture/discovery/inspected_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const int kFile = ::memfd_create("elf", MFD_CLOEXEC);
    if (::ftruncate(kFile, 0) != 0 || ::pwrite(kFile, data, size, 0) != static_cast<ssize_t>(size)) {
        return 0;
    }
    if (const auto image = sslsniff::ElfImage::from_descriptor(sslsniff::UniqueFd(::dup(kFile)))) {
        sslsniff::inspect_image(*image);
    }
    return 0;
}
