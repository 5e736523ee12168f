#pragma once

#include "base/bytes.h"
#include "protocols/framed/framing.h"

namespace sslsniff::framed {

/// Follows messages that lie end to end from the first byte on. Remembers how far it came: looks at each byte
/// a fixed number of times.
class Tiling {
  public:
    /// `framing` must outlive it. `beginning`: the bytes are the first of a connection.
    Tiling(const Framing& framing, Side side, bool beginning = false)
        : framing_(&framing), side_(side), beginning_(beginning) {}

    /// `bytes` are those of the last time, and more.
    void look(ByteView bytes);
    /// What lies there is none.
    bool is_bad() const { return bad_; }
    /// Messages whose form leaves little to chance: whole ones, and the one that is cut at the end if its
    /// header tells (Look::by_header).
    unsigned telling() const { return bad_ ? 0 : telling_ + (cut_is_telling_ ? 1 : 0); }
    /// Whole messages of any form.
    unsigned whole() const { return bad_ ? 0 : whole_; }
    /// The last of them ends where the bytes end.
    bool is_exact() const { return exact_; }

  private:
    const Framing* framing_;
    Side side_;
    bool beginning_;
    std::uint64_t at_ = 0;  ///< where the message begins that is looked at
    unsigned telling_ = 0;
    unsigned whole_ = 0;
    bool bad_ = false;
    bool exact_ = false;
    bool cut_is_telling_ = false;
};

}  // namespace sslsniff::framed
