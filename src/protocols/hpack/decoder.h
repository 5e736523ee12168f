#pragma once

#include <cstddef>
#include <vector>

#include "base/bytes.h"
#include "protocols/hpack/dynamic_table.h"

namespace sslsniff::hpack {

/// What one header block held.
struct Block {
    std::vector<Field> fields;  ///< in order; what is not known is marked, never guessed
    std::size_t unknown = 0;    ///< fields of which name or value is not known
    bool truncated = false;     ///< there were more fields than the decoder keeps
    bool damaged = false;  ///< lost or not well-formed from some point on; `fields` holds what came before
};

/// Decodes the header blocks of one direction of a connection, in order (RFC 7541). Differs from nghttp2's
/// inflater in that it can begin in mid-stream and survives lost blocks: references to entries that were
/// inserted unseen give unknown fields, everything else is right, and the table fills up with known entries.
class Decoder {
  public:
    /// `from_start`: the first block given to decode() is the first of the connection. `max_list` bounds the
    /// fields kept of one block, in bytes of names and values plus 32 for each field.
    Decoder(bool from_start, std::size_t max_list);

    /// Decodes one whole header block. A damaged one leaves the table as after lose().
    Block decode(ByteView block);
    /// Decodes the first bytes of a block whose rest was lost; then as lose().
    Block decode_prefix(ByteView bytes);
    /// Header blocks may have passed unseen.
    void lose() { table_.lose(); }

    /// False while fields may be unknown.
    bool aligned() const { return !table_.has_unknown(); }
    const DynamicTable& table() const { return table_; }

  private:
    DynamicTable table_;
    std::size_t max_list_;
};

}  // namespace sslsniff::hpack
