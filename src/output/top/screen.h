#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "output/text/style.h"

namespace sslsniff {

/// Part of a line on the terminal. The text is printable.
struct ScreenText {
    std::string text;
    Style style = Style::plain;
    bool is_reverse = false;
};
using ScreenLine = std::vector<ScreenText>;

struct ScreenSize {
    std::size_t rows = 24;
    std::size_t columns = 80;
};

/// What the terminal is to show. Longer lines are cut by the terminal.
struct Screen {
    std::vector<ScreenLine> lines;
    std::optional<std::size_t> cursor;  ///< its column in the last line; nullopt: it is hidden
};

/// A key that was pressed.
struct Key {
    enum class Kind : std::uint8_t {
        character,
        up,
        down,
        page_up,
        page_down,
        first,
        last,
        enter,
        back,  ///< Escape and the left arrow
        erase
    };
    Kind kind = Kind::character;
    char32_t character = 0;  ///< Kind::character: printable
};

/// Columns that printable text takes (wcwidth(3)).
std::size_t width_of(std::string_view text);
/// The text in exactly so many columns: filled with spaces, on the left or on the right, or cut, with "…" as
/// the last of them.
std::string fit_left(std::string_view text, std::size_t columns);
std::string fit_right(std::string_view text, std::size_t columns);
/// Like fit_left, but not filled.
std::string cut(std::string_view text, std::size_t columns);

}  // namespace sslsniff
