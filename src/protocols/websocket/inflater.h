#pragma once

#include "body/zlib_decoder.h"
#include "model/body.h"

namespace sslsniff::websocket {

/// Undoes permessage-deflate in one direction (RFC 7692 section 7.2).
class Inflater {
  public:
    /// `keep`: bytes kept of each message.
    Inflater(bool context_takeover, std::size_t keep);

    void begin_message();
    /// Adds what `payload` inflates to to `body`. False when it cannot be inflated.
    bool add(ByteView payload, Body& body);
    bool end_message(Body& body);
    /// Bytes are missing: with context takeover nothing can be inflated from here on.
    void lose();
    bool usable() const { return usable_; }
    /// Nothing is inflated any more because of what all messages so far became.
    bool is_bomb() const { return is_bomb_; }
    /// Bytes of memory, itself included.
    std::size_t held() const { return decoder_.held(); }

  private:
    ZlibDecoder decoder_{ZlibDecoder::Format::raw};
    bool context_takeover_;
    std::size_t keep_;
    bool usable_ = true;
    bool is_bomb_ = false;
    std::uint64_t given_ = 0;     ///< bytes of all messages
    std::uint64_t inflated_ = 0;  ///< the same, inflated
};

}  // namespace sslsniff::websocket
