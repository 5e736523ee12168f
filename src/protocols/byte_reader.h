#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/endian.h"

namespace sslsniff {

/// Reads numbers and bytes of a message from front to back. After the first read past the end everything read
/// is zero or empty, and good() is false.
class ByteReader {
  public:
    explicit ByteReader(ByteView bytes) : bytes_(bytes) {}

    /// Network order.
    template <std::unsigned_integral T>
    T be() {
        const ByteView view = bytes(sizeof(T));
        return good_ ? load_be<T>(view) : T{};
    }
    template <std::unsigned_integral T>
    T le() {
        const ByteView view = bytes(sizeof(T));
        return good_ ? load_le<T>(view) : T{};
    }
    std::uint8_t u8() { return be<std::uint8_t>(); }
    ByteView bytes(std::size_t count) {
        if (!good_ || count > bytes_.size()) {
            good_ = false;
            return {};
        }
        const ByteView out = bytes_.substr(0, count);
        bytes_.remove_prefix(count);
        return out;
    }
    ByteView rest() { return bytes(left()); }
    /// Up to a zero byte, which it takes too.
    ByteView c_string() {
        const std::size_t end = bytes_.find('\0');
        if (end == ByteView::npos) {
            good_ = false;
            return {};
        }
        const ByteView out = bytes(end);
        bytes(1);
        return out;
    }
    /// The next byte, which stays; 0 at the end.
    std::uint8_t peek() const { return left() == 0 ? 0 : static_cast<std::uint8_t>(bytes_.front()); }
    bool good() const { return good_; }
    void fail() { good_ = false; }
    std::size_t left() const { return good_ ? bytes_.size() : 0; }

  private:
    ByteView bytes_;
    bool good_ = true;
};

}  // namespace sslsniff
