#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace sslsniff {

/// Memory in bytes that malloc takes for `size` bytes (glibc on 64 bit: 8 in front, a multiple of 16, 32 at
/// least). Estimates of it keep within a few percent of what the process grows by.
constexpr std::size_t allocated(std::size_t size) {
    constexpr std::size_t kHeader = 8;
    constexpr std::size_t kUnit = 16;
    constexpr std::size_t kLeast = 32;
    return size == 0 ? 0 : std::max(kLeast, (size + kHeader + kUnit - 1) / kUnit * kUnit);
}

/// What a std::deque holds even when it is empty (libstdc++): a block of 512 bytes and a list of 8 blocks.
inline constexpr std::size_t kEmptyDeque = allocated(512) + allocated(64);

/// What `text` holds outside of itself.
inline std::size_t heap_bytes(const std::string& text) {
    static const std::size_t inside = std::string().capacity();
    return text.capacity() > inside ? allocated(text.capacity() + 1) : 0;
}

/// What `items` hold outside of themselves, without what each item holds.
template <class T>
std::size_t heap_bytes(const std::vector<T>& items) {
    return allocated(items.capacity() * sizeof(T));
}

}  // namespace sslsniff
