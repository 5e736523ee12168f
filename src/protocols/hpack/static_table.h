#pragma once

#include <cstddef>
#include <string_view>

namespace sslsniff::hpack {

struct StaticEntry {
    std::string_view name;
    std::string_view value;
};

inline constexpr std::size_t kStaticEntries = 61;

/// Entry `index` of RFC 7541 appendix A, 1 to kStaticEntries.
const StaticEntry& static_entry(std::size_t index);

}  // namespace sslsniff::hpack
