#pragma once

#include <string>
#include <vector>

namespace sslsniff {

/// Capabilities that live capture needs and this process has not: "CAP_BPF". CAP_SYS_ADMIN stands for those
/// that were split from it.
std::vector<std::string> missing_capabilities();

/// Why capture cannot work here, as far as can be told without trying: one sentence each, with what to do.
std::vector<std::string> obstacles();

/// True from Linux MAJOR.MINOR on.
bool kernel_is_at_least(unsigned major, unsigned minor);

}  // namespace sslsniff
