#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "protocols/hpack/decoder.h"

namespace sslsniff::hpack {

/// A header block from which a decoder, whatever it knew before, gets the dynamic table of another one:
/// indices that later blocks refer to then mean what they meant. Parts that are not known become fields
/// "sslsniff-unknown: not captured", as many as an encoder is likely to refer to.
struct TableBlock {
    Bytes bytes;
    std::size_t capacity = 0;  ///< the decoder must allow a table of this size
    bool is_exact = false;     ///< there are no such parts
};
/// A field, coded so that every decoder understands it and no table changes.
void append_literal(Bytes& out, ByteView name, ByteView value);

TableBlock encode_table(const Decoder& decoder);

}  // namespace sslsniff::hpack
