#pragma once

#include <cstddef>
#include <deque>
#include <optional>

#include "base/bytes.h"

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

/// The dynamic table (RFC 7541 section 2.3.2) of an encoder that may have been at work before we came.
///
/// Indices count from the newest entry and eviction takes the oldest, so the n entries inserted since the
/// join are always indices 1 to n, whatever lies behind them. How much lies behind is not known, nor (until a
/// size update passes) the table's capacity; therefore an entry is dropped only when it cannot be there any
/// more. Keeping one that the encoder has already evicted is harmless: a correct encoder never refers to it.
class DynamicTable {
  public:
    /// `complete`: the table is known to be empty and of the initial capacity of 4096 bytes.
    explicit DynamicTable(bool complete);

    /// The entry `index` counted from the newest, 1 on; null when it is not known or not there.
    const Field* find(std::size_t index) const;
    /// True when there may be entries behind those known.
    bool has_unknown() const { return has_unknown_; }

    /// Names of more than kMaxName bytes are not kept: they come back as unknown. Otherwise a small block
    /// of references to one long name would make us copy gigabytes.
    void insert(Field field);
    static constexpr std::size_t kMaxName = 1024;
    /// A dynamic table size update (section 6.3).
    void set_capacity(std::size_t bytes);
    /// An unknown number of entries was inserted, and the capacity may have changed.
    void lose();

    /// Bytes, the initial ones when not known.
    std::size_t capacity() const;
    std::size_t known_entries() const { return entries_.size(); }
    /// Size of the known entries as section 4.1 counts it; unknown names and values count as empty.
    std::size_t known_size() const { return size_; }
    /// Bytes of memory, itself included, about.
    std::size_t held() const;

  private:
    void evict();

    std::deque<Field> entries_;  ///< newest first
    std::size_t size_ = 0;
    std::optional<std::size_t> capacity_;  ///< bytes; absent when not known
    bool has_unknown_ = false;
};

}  // namespace sslsniff::hpack
