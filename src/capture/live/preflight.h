#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace sslsniff {

/// When the kernel answers BPF calls with EPERM though the capabilities are there.
constexpr const char* kBpfNotPermitted =
    "The kernel does not permit BPF programs here: run sslsniff as root, outside of restricted containers "
    "and with "
    "kernel lockdown off.";

/// Why capture cannot work here, as far as can be told without trying: one sentence each, with what to do.
std::vector<Error> obstacles();

/// True from Linux MAJOR.MINOR on.
bool kernel_is_at_least(unsigned major, unsigned minor);

}  // namespace sslsniff
