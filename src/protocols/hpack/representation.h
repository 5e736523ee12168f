#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace sslsniff::hpack {

/// Where one step of a header block begins and ends (RFC 7541 section 6). Strings are passed over: whether
/// they are well-formed is not examined.
struct Representation {
    enum class Kind : std::uint8_t {
        indexed,    ///< section 6.1
        insertion,  ///< section 6.2.1
        literal,    ///< sections 6.2.2 and 6.2.3
        capacity,   ///< dynamic table size update, section 6.3
    };
    Kind kind = Kind::indexed;
    std::size_t number = 0;  ///< the index, 0 for a literal name; of a size update the bytes
    ByteView bytes;          ///< all of it
    ByteView strings;        ///< the end of it: what follows the number
};

/// Cuts off the first representation of `block`, which must not be empty. Nothing when it is not whole, or a
/// number has more than 32 bits.
std::optional<Representation> take_representation(ByteView& block);

/// True when a size update begins here.
bool is_capacity(ByteView block);

/// Section 5.1; `pattern` holds the bits before the prefix of `bits`.
void append_integer(Bytes& out, std::uint8_t pattern, unsigned bits, std::size_t value);

/// Section 6.3.
void append_capacity(Bytes& out, std::size_t bytes);

}  // namespace sslsniff::hpack
