#pragma once

#include "base/bytes.h"
#include "base/memory.h"
#include "protocols/framed/framing.h"

namespace sslsniff::framed {

/// Cuts one direction into messages. Copies only what is cut by a chunk's border, and of a long message the
/// first bytes.
class MessageReader {
  public:
    /// `framing` must outlive it. `max_kept`: bytes kept of each message; never less than its header.
    MessageReader(const Framing& framing, Side side, std::size_t max_kept);

    enum class Result : std::uint8_t { need_more, message, malformed };
    /// Takes bytes from the front of `bytes`, up to the end of one message.
    Result read(ByteView& bytes, Timestamp time);
    /// The one that read() ended with, valid until the next call; after another result, what there is of it.
    const Message& message() const { return message_; }

    /// `bytes` are missing. False when the place in the stream is lost with them.
    bool skip(std::uint64_t bytes);
    bool at_boundary() const { return !in_message_ && (given_out_ || kept_.empty()); }
    /// What was read of a message that does not end; the next byte begins another, not the first one.
    Message abandon();

    /// Bytes of memory outside of itself.
    std::size_t held() const { return heap_bytes(kept_); }

  private:
    Result begin(ByteView& bytes, Timestamp time);
    Result finish(ByteView bytes, Timestamp time);
    void keep(ByteView bytes);

    const Framing& framing_;
    Side side_;
    std::size_t max_kept_;
    Message message_;
    bool beginning_ = true;  ///< the next message is the first of the connection
    bool in_message_ = false;
    bool cut_ = false;        ///< nothing more is kept: bytes are missing, or there are too many
    bool given_out_ = false;  ///< kept_ is of a message that is over
    std::uint64_t left_ = 0;  ///< bytes of it that have not come yet
    Bytes kept_;
};

}  // namespace sslsniff::framed
