#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/memory.h"

namespace sslsniff::dns {

/// Cuts one direction of DNS over TCP or TLS into messages: each behind its length in two bytes (RFC 1035
/// section 4.2.2, RFC 7858).
class TcpFramer {
  public:
    struct Framed {
        ByteView bytes;             ///< what was captured before any hole; valid until the next call
        std::uint64_t missing = 0;  ///< bytes of the message that were not captured, or come after a hole
    };
    /// Takes bytes from the front of `bytes` up to the end of one message; nothing when it needs more.
    std::optional<Framed> next(ByteView& bytes);
    /// What was captured of a message that is not finished, when it is at least a header.
    std::optional<Framed> unfinished();
    /// `bytes` are missing here (0: nobody knows how many).
    void gap(std::uint64_t bytes);
    /// Where messages begin is not known: searches for one that is beyond doubt.
    void lose();
    /// Bytes of memory outside of itself.
    std::size_t held() const { return heap_bytes(buffer_) + heap_bytes(found_); }

  private:
    std::optional<Framed> cut(ByteView& bytes);
    void search(ByteView& bytes);
    void clear_message();

    Bytes buffer_;  ///< length and what was captured of the current message; while searching: the tail
    Bytes found_;   ///< what search() held back, from the message it found on
    std::size_t found_at_ = 0;  ///< how much of it was cut
    bool used_ = false;         ///< buffer_ was given out
    bool searching_ = false;
    bool holed_ = false;
    std::uint64_t missing_ = 0;
};

}  // namespace sslsniff::dns
