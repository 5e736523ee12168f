#include "output/top/screen.h"

#include <algorithm>
#include <cwchar>

#include "base/text.h"

namespace sslsniff {
namespace {

/// What a code point takes; 1 where the locale does not know it.
std::size_t width_of(std::uint32_t code_point) {
    const int width = ::wcwidth(static_cast<wchar_t>(code_point));
    return width < 0 ? 1 : static_cast<std::size_t>(width);
}

/// Bytes of the longest beginning that fits, and the columns that it takes.
struct Fitting {
    std::size_t bytes = 0;
    std::size_t columns = 0;
};

Fitting fitting(std::string_view text, std::size_t columns) {
    Fitting fit;
    while (fit.bytes < text.size()) {
        const CodePoint next = decode_utf8(text.substr(fit.bytes));
        const std::size_t width = next.length != 0 ? width_of(next.value) : 1;
        if (fit.columns + width > columns) {
            break;
        }
        fit.bytes += std::max<std::size_t>(next.length, 1);
        fit.columns += width;
    }
    return fit;
}

std::string spaces(std::size_t count) {
    std::string text(count, ' ');
    return text;
}

}  // namespace

std::size_t width_of(std::string_view text) {
    return fitting(text, std::string_view::npos).columns;
}

std::string cut(std::string_view text, std::size_t columns) {
    const Fitting whole = fitting(text, columns);
    if (whole.bytes == text.size() || columns == 0) {
        return std::string(text.substr(0, whole.bytes));
    }
    return std::string(text.substr(0, fitting(text, columns - 1).bytes)) + "…";
}

std::string fit_left(std::string_view text, std::size_t columns) {
    const std::string line = cut(text, columns);
    return line + spaces(columns - std::min(columns, width_of(line)));
}

std::string fit_right(std::string_view text, std::size_t columns) {
    const std::string line = cut(text, columns);
    return spaces(columns - std::min(columns, width_of(line))) + line;
}

}  // namespace sslsniff
