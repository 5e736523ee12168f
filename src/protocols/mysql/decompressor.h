#pragma once

#include <memory>

#include "body/content_decoder.h"
#include "protocols/mysql/matcher.h"

namespace sslsniff::mysql {

/// Undoes the compression of one direction: frames of seven bytes (length, number, length before compression,
/// 0 for what is not compressed), each compressed by itself, that hold packets cut anywhere.
class Decompressor {
  public:
    explicit Decompressor(Compression compression) : compression_(compression) {}

    /// Takes all of `bytes` and appends what they hold to `out`. False when they are no such frames, or
    /// expand to more than they say or plain traffic would be.
    bool feed(ByteView bytes, Bytes& out);
    bool at_boundary() const { return header_.empty() && left_ == 0; }
    /// Bytes were lost: the next byte begins a frame.
    void reset();

    /// Bytes of memory outside of itself.
    std::size_t held() const;

  private:
    bool begin_frame();
    bool expand(ByteView bytes, Bytes& out);

    Compression compression_;
    Bytes header_;
    std::uint32_t left_ = 0;  ///< bytes of the frame that have not come yet
    std::uint32_t plain_ =
        0;  ///< bytes that they expand to and have not; 0 of a frame that is not compressed
    std::unique_ptr<ContentDecoder> decoder_;  ///< null between frames, and for what is not compressed
    std::uint64_t given_ = 0;                  ///< bytes of the connection, compressed
    std::uint64_t produced_ = 0;               ///< and expanded
};

}  // namespace sslsniff::mysql
