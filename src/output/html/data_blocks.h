#pragma once

#include <cstdint>

#include "base/output_stream.h"

namespace sslsniff {

/// Lines of JSON as data blocks of an HTML document (HTML Living Standard, section 4.12.1): script elements
/// that no browser runs. A document that ends within a block keeps what is in it.
class DataBlocks final : public OutputStream {
  public:
    /// `out` must outlive it.
    explicit DataBlocks(OutputStream& out) : out_(out) {}

    /// Lines of JSON. Whatever is in their strings, they cannot end the block: '<' is written as \u003c,
    /// which is the same in JSON.
    void write(ByteView lines) override;
    Result<void> flush() override { return out_.flush(); }

    /// A good place to end the block, if it is large enough: browsers take in one at a time.
    void may_divide();
    /// Ends the block that is open.
    void close();

  private:
    OutputStream& out_;
    std::uint64_t size_ = 0;  ///< bytes in the block that is open; 0: none is
};

}  // namespace sslsniff
