#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/input_stream.h"
#include "base/result.h"

namespace sslsniff {

/// Cuts an input into lines, with bounded memory.
class LineReader {
  public:
    static constexpr std::size_t kMaxLine = std::size_t{1} << 20;

    /// The next line that is complete in memory, without its line end (LF or CRLF); valid until fill().
    std::optional<ByteView> next();
    /// Reads more; false at the end of the input, when next() gives what is left as a last line. Fails when
    /// reading fails and when a line is longer than kMaxLine.
    Result<bool> fill(InputStream& input);

    /// Of the line next() gave last; the first is 1.
    std::uint64_t line_number() const { return line_number_; }

  private:
    Bytes buffer_;
    std::size_t begin_ = 0;    ///< of the first line not given out yet
    std::size_t scanned_ = 0;  ///< no line feed between begin_ and here
    std::size_t end_ = 0;      ///< of what was read
    std::uint64_t line_number_ = 0;
    bool ended_ = false;
};

}  // namespace sslsniff
