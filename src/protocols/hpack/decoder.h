#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/bytes.h"

struct nghttp2_hd_inflater;

namespace sslsniff::hpack {

/// A header field, or what is known of it: an index into a part of the dynamic table that was filled before
/// the capture began tells nothing.
struct Field {
    Bytes name;   ///< empty when not known
    Bytes value;  ///< empty when not known
    bool name_known = true;
    bool value_known = true;
    bool operator==(const Field&) const = default;
};

/// What one header block held.
struct Block {
    std::vector<Field> fields;  ///< in order; what is not known is marked, never guessed
    std::size_t unknown = 0;    ///< fields of which name or value is not known
    bool truncated = false;     ///< there were more fields than the decoder keeps
    bool damaged = false;  ///< lost or not well-formed from some point on; `fields` holds what came before
};

/// Decodes the header blocks of one direction of a connection, in order (RFC 7541), by nghttp2's inflater.
/// That one has to see a connection from its beginning; this class lets it begin in mid-stream and survive
/// lost blocks.
///
/// Indices count from the newest entry and eviction takes the oldest, so the n entries inserted since the
/// join are always indices 62 to 61 + n, whatever lies behind them: these are what nghttp2's table holds. As
/// long as there may be more, blocks are fed to it one representation at a time, and references behind its
/// entries give unknown fields instead. How much lies behind is not known, nor (until a size update passes)
/// the table's capacity; until then nghttp2's table has the largest one, because keeping an entry that the
/// encoder has already evicted is harmless: a correct encoder never refers to it.
///
/// nghttp2 refuses names and values of more than 65,536 bytes, as coded; their block counts as damaged.
class Decoder {
  public:
    /// `from_start`: the first block given to decode() is the first of the connection. `max_list` bounds the
    /// fields kept of one block, in bytes of names and values plus 32 for each field.
    Decoder(bool from_start, std::size_t max_list);

    /// Decodes one whole header block. A damaged one leaves the table as after lose().
    Block decode(ByteView block);
    /// Decodes the first bytes of a block whose rest was lost; then as lose().
    Block decode_prefix(ByteView bytes);
    /// An unknown number of header blocks passed unseen, and the table's capacity may have changed.
    void lose();

    /// False while fields may be unknown: there may be entries behind those known.
    bool aligned() const { return !has_unknown_; }

    /// Entries of the dynamic table that are known, at least in part.
    std::size_t known_entries() const;
    struct Entry {
        ByteView name;  ///< empty when not known
        ByteView value;
        bool name_known = true;
    };
    /// The entry `index` counted from the newest, 1 to known_entries(). Valid until the next block.
    Entry entry(std::size_t index) const;
    /// Size of the known entries as RFC 7541 section 4.1 counts it; an unknown name counts as one byte.
    std::size_t known_size() const;
    /// Bytes that the dynamic table may take: the initial ones when not known.
    std::size_t capacity() const;
    /// Bytes of memory outside of itself, about.
    std::size_t held() const;

  private:
    class FieldList;
    struct Delete {
        void operator()(nghttp2_hd_inflater* inflater) const;
    };

    void create();
    bool decode_stepwise(ByteView block, FieldList& fields);
    bool inflate(ByteView bytes, bool is_end, FieldList& fields);
    bool resize(std::size_t capacity, FieldList& fields);

    std::unique_ptr<nghttp2_hd_inflater, Delete> inflater_;  ///< null until the first block
    std::size_t max_list_;
    bool has_unknown_;
    bool knows_capacity_;
    bool has_unnamed_ = false;  ///< entries or fields may have kUnnamed for a name that is not known
};

}  // namespace sslsniff::hpack
