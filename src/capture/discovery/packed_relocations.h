#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace sslsniff {

/// The places that a table of relative relocations in RELR form names (SHT_RELR of the generic ELF ABI), of
/// those from address `begin` to `end`, in the order of the table. An even word is the next place, an odd one
/// a bitmap of the 63 words behind it. Tables are hostile: addresses may wrap, and at most `most` places are
/// told.
std::vector<std::uint64_t> packed_places(ByteView table, std::uint64_t begin, std::uint64_t end,
                                         std::size_t most);

}  // namespace sslsniff
