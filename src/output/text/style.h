#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "model/exchange.h"

namespace sslsniff {

/// How a part of a line stands out on a terminal (ECMA-48 SGR).
enum class Style : std::uint8_t { plain, dim, bold, good, redirect, warning, error, incomplete };

Style style_of(Summary::Tone tone);

/// A line under construction, coloured or not. Bytes are made safe to print on the way in.
class StyledText {
  public:
    explicit StyledText(bool color) : color_(color) {}

    /// `text` is ours and printable.
    void add(std::string_view text) { out_ += text; }
    void add(Style style, std::string_view text);
    /// `bytes` may be anything; at most `limit` of them are shown, then "…". `is_notation`: see
    /// printable_notation().
    void add_bytes(Style style, ByteView bytes, std::size_t limit, bool is_notation = false);

    std::string& text() { return out_; }

  private:
    bool color_;
    std::string out_;
};

}  // namespace sslsniff
