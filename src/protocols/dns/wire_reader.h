#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace sslsniff::dns {

/// Reads numbers, bytes and names of a message. After the first read past the end, or of a name that is
/// refused, everything read is zero or empty and good() is false.
class WireReader {
  public:
    explicit WireReader(ByteView message) : message_(message), end_(message.size()) {}

    std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
    std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
    ByteView bytes(std::size_t count);
    ByteView rest() { return bytes(left()); }
    /// RFC 1035 section 4.1.4. Pointers may only lead backwards, so there are no loops.
    std::string name();
    /// <character-string>: a length byte and so many bytes.
    ByteView character_string() { return bytes(u8()); }

    /// A reader of the next `count` bytes, in which names may still point into the whole message; this one
    /// moves behind them.
    WireReader part(std::size_t count);
    bool good() const { return good_; }
    void fail() { good_ = false; }
    std::size_t left() const { return good_ ? end_ - at_ : 0; }

  private:
    std::uint64_t number(std::size_t size);

    ByteView message_;
    std::size_t at_ = 0;
    std::size_t end_;
    bool good_ = true;
};

}  // namespace sslsniff::dns
