#include "capture/live/bpf_objects.h"

#include <zstd.h>

#include <cerrno>
#include <span>
#include <vector>

// Made by cmake/Bpf.cmake: an object file each, packed by zstd.
#define SSLSNIFF_BPF_OBJECT(name)                  \
    extern "C" const char name##_bpf_begin[];      \
    extern "C" const char name##_bpf_end[];        \
    static std::span<const char> name##_bpf() {    \
        return {name##_bpf_begin, name##_bpf_end}; \
    }
SSLSNIFF_BPF_OBJECT(capture_user_dynptr)
SSLSNIFF_BPF_OBJECT(capture_slices)
SSLSNIFF_BPF_OBJECT(capture_classes)
SSLSNIFF_BPF_OBJECT(pid_namespace)
#undef SSLSNIFF_BPF_OBJECT

namespace sslsniff {
namespace {

std::span<const char> packed(BpfObjectName name) {
    switch (name) {
        case BpfObjectName::capture_user_dynptr:
            return capture_user_dynptr_bpf();
        case BpfObjectName::capture_slices:
            return capture_slices_bpf();
        case BpfObjectName::capture_classes:
            return capture_classes_bpf();
        case BpfObjectName::pid_namespace:
            break;
    }
    return pid_namespace_bpf();
}

}  // namespace

BpfObject open_bpf_object(BpfObjectName name, const char* shown_as) {
    const auto from = packed(name);
    // Of our own build, so that the size which it tells is its own.
    std::vector<char> elf(ZSTD_getFrameContentSize(from.data(), from.size()));
    if (ZSTD_decompress(elf.data(), elf.size(), from.data(), from.size()) != elf.size()) {
        errno = EINVAL;
        return nullptr;
    }
    bpf_object_open_opts options{};
    options.sz = sizeof(options);
    options.object_name = shown_as;
    return BpfObject(bpf_object__open_mem(elf.data(), elf.size(), &options));  // which keeps nothing of `elf`
}

}  // namespace sslsniff
