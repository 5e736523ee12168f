#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

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

    /// The part added last is shortened where a line must fit.
    void may_shorten();
    /// Shortens what may be, the longest first, so that the line is at most `columns` wide if it can be; 0:
    /// no bound. Each code point counts as one column. There must be no line feed yet.
    void fit(std::size_t columns);
    /// The same, and cuts what is still too long.
    void cut(std::size_t columns);

    std::string& text() { return out_; }

  private:
    struct Part {
        std::size_t begin = 0;  ///< in out_
        std::size_t end = 0;
    };
    void shorten(std::size_t part, std::size_t columns);

    bool color_;
    std::string out_;
    Part last_;                      ///< added last, without its escape sequences
    std::vector<Part> shortenable_;  ///< in the order of the line
};

}  // namespace sslsniff
