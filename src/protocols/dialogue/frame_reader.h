#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/memory.h"
#include "model/time.h"

namespace sslsniff::dialogue {

/// A header of fixed size that tells how long the body behind it is.
struct Frame {
    Bytes header;
    std::uint64_t size = 0;     ///< bytes of the body
    ByteView body;              ///< the first of them, in one piece
    std::uint64_t missing = 0;  ///< of them, not captured
    Timestamp start;            ///< of the first byte
    Timestamp end;              ///< of the last one

    bool whole() const { return body.size() == size; }
};

/// What a header says.
struct Length {
    std::uint32_t size = 0;  ///< bytes of the body
    bool continued = false;  ///< another header follows it, and more of the same body
};
/// Nothing when there is no such frame.
using ReadHeader = std::optional<Length> (*)(ByteView header);

/// Cuts one direction into frames. Copies only what is cut by a chunk's border, and of a long body the first
/// bytes.
class FrameReader {
  public:
    /// `max_body`: bytes kept of each body.
    explicit FrameReader(std::size_t max_body) : max_body_(max_body) {}

    enum class Result : std::uint8_t { need_more, frame, malformed };
    /// Takes bytes from the front of `bytes`, which must not be empty, up to the end of one frame.
    /// `header_size` and `read_header` are those of the frame that begins next.
    Result read(ByteView& bytes, Timestamp time, std::size_t header_size, ReadHeader read_header);
    /// The one that read() ended with; its body is valid until the next call.
    const Frame& frame() const { return frame_; }

    /// `bytes` are missing, 0 when nobody knows how many. False when the place in the stream is lost with
    /// them.
    bool skip(std::uint64_t bytes);
    bool at_boundary() const { return header_.empty() && !in_body_ && !continued_; }
    void reset();

    /// Bytes of memory outside of itself.
    std::size_t held() const { return heap_bytes(header_) + heap_bytes(body_); }

  private:
    bool whole_frame(ByteView& bytes, Timestamp time, std::size_t header_size, ReadHeader read_header);
    bool begin_body(ReadHeader read_header);
    bool take_header(ByteView& bytes, Timestamp time, std::size_t header_size);

    std::size_t max_body_;
    Frame frame_;
    Bytes header_;  ///< of a frame whose header is cut
    bool in_body_ = false;
    bool continued_ = false;  ///< the body goes on behind another header
    bool cut_ = false;        ///< nothing more is kept: bytes are missing, or there are too many
    std::uint32_t left_ = 0;  ///< bytes that have not come yet, up to the next header
    Bytes body_;              ///< of a frame that is cut
};

}  // namespace sslsniff::dialogue
