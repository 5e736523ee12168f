#include "output/text/style.h"

#include "base/text.h"

namespace sslsniff {
namespace {

std::string_view code_of(Style style) {
    switch (style) {
        case Style::dim:
            return "\x1b[2m";
        case Style::bold:
            return "\x1b[1m";
        case Style::good:
            return "\x1b[32m";
        case Style::redirect:
            return "\x1b[36m";
        case Style::warning:
            return "\x1b[33m";
        case Style::error:
            return "\x1b[31m";
        case Style::incomplete:
            return "\x1b[35m";
        case Style::plain:
            break;
    }
    return {};
}

}  // namespace

Style style_of(Summary::Tone tone) {
    switch (tone) {
        case Summary::Tone::redirect:
            return Style::redirect;
        case Summary::Tone::client_error:
            return Style::warning;
        case Summary::Tone::server_error:
            return Style::error;
        case Summary::Tone::incomplete:
            return Style::incomplete;
        case Summary::Tone::normal:
            break;
    }
    return Style::good;
}

void StyledText::add(Style style, std::string_view text) {
    const std::string_view code = color_ ? code_of(style) : std::string_view();
    out_ += code;
    out_ += text;
    if (!code.empty()) {
        out_ += "\x1b[0m";
    }
}

void StyledText::add_bytes(Style style, ByteView bytes, std::size_t limit, bool is_notation) {
    const ByteView fitting = bytes.substr(0, limit);
    const bool cut = fitting.size() < bytes.size();
    const ByteView shown = cut ? fitting.substr(0, without_cut_code_point(fitting)) : bytes;
    add(style, (is_notation ? printable_notation(shown) : printable(shown)) + (cut ? "…" : ""));
}

}  // namespace sslsniff
