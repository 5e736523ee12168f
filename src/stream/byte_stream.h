#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "model/transaction.h"

namespace sslsniff {

/// One direction of a connection: puts positions in order, so that what follows sees each byte once and each
/// gap where it is.
class ByteStream {
  public:
    static constexpr std::size_t kFirstBytes = 64;

    /// What is new in an event, in this order.
    struct Fresh {
        std::optional<std::uint64_t> gap;  ///< bytes missing before `bytes`; 0: of unknown size
        ByteView bytes;
    };
    /// Bytes at `position`. What was there already is dropped and counted.
    Fresh data(std::uint64_t position, ByteView bytes);
    /// `bytes` bytes missing at `position`, 0 when unknown. No value when all of that is known already.
    std::optional<std::uint64_t> gap(std::uint64_t position, std::uint64_t bytes);

    const StreamTotals& totals() const { return totals_; }
    std::uint64_t next_position() const { return next_; }
    std::uint64_t duplicates() const { return duplicates_; }  ///< bytes dropped

  private:
    void skip(std::uint64_t bytes);

    StreamTotals totals_;
    std::uint64_t next_ = 0;
    std::uint64_t duplicates_ = 0;
    bool first_bytes_done_ = false;
};

}  // namespace sslsniff
