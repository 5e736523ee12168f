#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sslsniff {

/// One executable file mapping of /proc/PID/maps (proc(5)).
struct Mapping {
    std::uint64_t start = 0;  ///< virtual addresses, end exclusive
    std::uint64_t end = 0;
    std::uint64_t file_offset = 0;
    std::uint64_t device = 0;  ///< as makedev(): anonymous (major 0) on overlayfs and btrfs
    std::uint64_t inode = 0;
    std::string path;      ///< in the process's mount namespace, without the kernel's " (deleted)"
    bool deleted = false;  ///< by the suffix; a file may really be called so, hence only a hint
};

/// The executable file mappings in the text of a maps file. Lines that are not of its form are left out;
/// anonymous memory, [vdso], [stack] and the like are not file mappings. Newlines in paths, which the kernel
/// writes as \012, are restored.
std::vector<Mapping> parse_executable_mappings(std::string_view maps);

}  // namespace sslsniff
