#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace sslsniff {

/// The addresses of kernel variables, from /proc/kallsyms, in the order of `names`; 0 where there is none, or
/// the kernel does not tell. Reads the whole list: some 50 ms.
std::vector<std::uint64_t> kernel_symbols(std::initializer_list<std::string_view> names);

/// Whether the kernel tells us addresses (kptr_restrict, perf_event_paranoid, CAP_SYSLOG).
bool kernel_addresses_shown();

}  // namespace sslsniff
