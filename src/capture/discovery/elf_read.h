#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/bytes.h"

// How ElfImage reads its file; for its sources only.
namespace sslsniff {

/// Reads up to `size` bytes at `offset`; what is there when the file ends early.
Bytes read_at(int fd, std::uint64_t offset, std::size_t size);

/// The structure at `index` of a table of them; the table comes from a file and is not aligned.
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
