#pragma once

#include <cstdint>
#include <optional>

namespace sslsniff {

/// What this process has used and holds.
struct ProcessUse {
    std::uint64_t cpu_nanoseconds = 0;            ///< user and system
    std::optional<std::uint64_t> resident_bytes;  ///< nothing: /proc cannot be read
    std::optional<std::uint64_t> open_files;      ///< the same
};

ProcessUse own_use();

}  // namespace sslsniff
