#pragma once

#include "base/bytes.h"
#include "protocols/postgresql/message.h"
#include "protocols/protocol.h"

namespace sslsniff::postgresql {

/// Whether a connection begins so: with a client's startup packet, `yes` when it is whole.
Verdict plausible_beginning(Side side, ByteView bytes);

/// Whether a message may begin with these bytes, of which there may be too few.
bool plausible_header(Side side, ByteView bytes);

/// See dialogue::Tiles.
class Tiling {
  public:
    explicit Tiling(Side side) : side_(side) {}

    void look(ByteView bytes);
    bool bad() const { return bad_; }
    unsigned sure() const { return bad_ ? 0 : sure_; }
    bool exact() const { return exact_; }

    /// Bytes of the longest anchor, but for one: ReadyForQuery, by which a server hands over, and Sync.
    static constexpr std::size_t kAnchorSize = 5;
    /// The place behind the first anchor; npos when there is none.
    static std::size_t behind_anchor(Side side, ByteView bytes);

  private:
    Side side_;
    std::size_t at_ = 0;  ///< where the message begins that is looked at
    unsigned sure_ = 0;
    bool bad_ = false;
    bool exact_ = false;
};

}  // namespace sslsniff::postgresql
