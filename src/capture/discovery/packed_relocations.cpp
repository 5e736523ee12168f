#include "capture/discovery/packed_relocations.h"

#include <cstring>

namespace sslsniff {

std::vector<std::uint64_t> packed_places(ByteView table, std::uint64_t begin, std::uint64_t end,
                                         std::size_t most) {
    constexpr std::uint64_t kWord = sizeof(std::uint64_t);
    constexpr unsigned kBits = 63;
    std::vector<std::uint64_t> places;
    const auto add = [&](std::uint64_t place) {
        if (place >= begin && place < end && places.size() < most) {
            places.push_back(place);
        }
    };
    std::uint64_t next = 0;
    for (std::size_t at = 0; at + kWord <= table.size(); at += kWord) {
        std::uint64_t word = 0;
        std::memcpy(&word, table.data() + at, kWord);
        if ((word & 1U) == 0) {
            add(word);
            next = word + kWord;
            continue;
        }
        for (unsigned bit = 0; bit < kBits; ++bit) {
            if ((word >> (bit + 1) & 1U) != 0) {
                add(next + bit * kWord);
            }
        }
        next += kBits * kWord;
    }
    return places;
}

}  // namespace sslsniff
