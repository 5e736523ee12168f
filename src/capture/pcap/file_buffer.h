#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/input_stream.h"

namespace sslsniff {

/// Reads a stream in large pieces and lends them without copying.
class FileBuffer {
  public:
    explicit FileBuffer(std::unique_ptr<InputStream> input);

    /// At least `size` bytes from the current offset on, fewer only at the end of the input. Reads no more
    /// than it must, so that a pipe shows what has arrived. Valid until the next call. `size` is bounded by
    /// the caller.
    Result<ByteView> peek(std::size_t size);
    /// What is here already, without reading.
    ByteView available() const { return {buffer_.data() + begin_, end_ - begin_}; }
    /// Moves on by `size`, at most what peek() returned.
    void consume(std::size_t size);

    /// Of the next byte, from the start of the input.
    std::uint64_t offset() const { return offset_; }
    const InputStream& input() const { return *input_; }

  private:
    std::unique_ptr<InputStream> input_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::uint64_t offset_ = 0;
    bool at_end_ = false;
};

}  // namespace sslsniff
