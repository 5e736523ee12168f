#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/memory.h"
#include "protocols/protocol.h"
#include "protocols/redis/resp_reader.h"

namespace sslsniff::redis {

/// Finds the next place where a message may begin, after bytes were lost or made no sense: the very next
/// byte (captures lose whole calls more often than parts of them), or one behind a CRLF.
class Resync {
  public:
    explicit Resync(RespReader::Grammar grammar) : grammar_(grammar) {}
    /// Bytes were lost: start searching, or start anew.
    void lose();
    bool searching() const { return searching_; }
    /// When a place is found, the bytes from there on; the search is over.
    std::optional<Bytes> find(ByteView bytes);
    /// Bytes of memory outside of itself.
    std::size_t held() const { return heap_bytes(tail_); }

  private:
    Verdict plausible(ByteView bytes) const;

    RespReader::Grammar grammar_;
    bool searching_ = false;
    bool at_start_ = false;  ///< no byte was seen since the loss
    Bytes tail_;             ///< the end of what was seen: part of a candidate
};

}  // namespace sslsniff::redis
