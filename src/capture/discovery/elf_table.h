#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/bytes.h"

/// Tables of an ELF file, which come from it as they are: hostile, and not aligned.
namespace sslsniff {

/// The structure at `index` of a table of them, which must be that long.
template <class Entry>
Entry entry_at(ByteView table, std::size_t index) {
    Entry entry;
    std::memcpy(&entry, table.data() + index * sizeof entry, sizeof entry);
    return entry;
}

/// The NUL-terminated name at `offset` of a string table; empty when it lies outside.
inline std::string_view name_at(ByteView strings, std::uint64_t offset) {
    if (offset >= strings.size()) {
        return {};
    }
    const std::string_view rest = strings.substr(offset);
    return rest.substr(0, rest.find('\0'));
}

}  // namespace sslsniff
