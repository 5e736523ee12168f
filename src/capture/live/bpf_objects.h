#pragma once

#include <bpf/libbpf.h>

#include <cstdint>
#include <memory>

namespace sslsniff {

/// The BPF programs that are part of this one: bpf/NAME.bpf.c each (cmake/Bpf.cmake).
enum class BpfObjectName : std::uint8_t {
    capture_user_dynptr,
    capture_slices,
    capture_classes,
    pid_namespace
};

struct BpfObjectCloser {
    void operator()(bpf_object* object) const { bpf_object__close(object); }
};
using BpfObject = std::unique_ptr<bpf_object, BpfObjectCloser>;

/// Opens one, to be loaded by bpf_object__load(); the kernel shows its maps and programs under `shown_as`.
/// Null, with errno, on an error, of which libbpf's log tells.
BpfObject open_bpf_object(BpfObjectName name, const char* shown_as);

}  // namespace sslsniff
