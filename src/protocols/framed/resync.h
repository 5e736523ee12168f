#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/memory.h"
#include "protocols/framed/tiling.h"

namespace sslsniff::framed {

/// Finds the next place where a message begins, after bytes were lost or made no sense: the very next byte,
/// or the first of a later call. Believed when two telling messages lie end to end from there, or one that
/// ends where a call ends; of messages that are bare, one of any form that ends so.
class Resync {
  public:
    Resync(const Framing& framing, Side side) : framing_(framing), side_(side), tiling_(framing, side) {}

    /// Bytes were lost: start searching, or start anew.
    void lose();
    /// The capture begins here. `with_any`: one message of any form that ends where the call ends will do,
    /// because who recognised the protocol saw that all that was said so far are messages.
    void join(bool with_any);
    bool is_searching() const { return searching_; }
    /// `call_begins`: the bytes are the first that a call moved. When a place is found, the bytes from there
    /// on; the search is over.
    std::optional<Bytes> find(ByteView bytes, bool call_begins);
    /// Bytes of memory outside of itself.
    std::size_t held() const { return heap_bytes(candidate_); }

  private:
    void open();

    const Framing& framing_;
    Side side_;
    bool searching_ = false;
    bool with_any_ = false;
    bool fresh_ = false;  ///< joined, and no byte came since
    bool open_ = false;   ///< there is a candidate
    Bytes candidate_;     ///< a place that may be right, and what followed
    Tiling tiling_;       ///< of it
};

}  // namespace sslsniff::framed
