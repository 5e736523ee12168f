#include "output/text/style.h"

#include <algorithm>

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

constexpr std::string_view kReset = "\x1b[0m";
constexpr std::size_t kLeastShown = 16;  ///< columns of a part that is shortened

bool begins_code_point(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80;
}

std::size_t columns_of(std::string_view text) {
    std::size_t columns = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\x1b') {  // of ours: ends with m
            at = std::min(text.find('m', at), text.size());
        } else {
            columns += begins_code_point(text[at]) ? 1 : 0;
        }
    }
    return columns;
}

/// Where the first `columns` of `text` end.
std::size_t end_of_columns(std::string_view text, std::size_t columns) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\x1b') {
            at = std::min(text.find('m', at), text.size());
        } else if (begins_code_point(text[at]) && columns-- == 0) {
            return at;
        }
    }
    return text.size();
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
    last_.begin = out_.size();
    out_ += text;
    last_.end = out_.size();
    if (!code.empty()) {
        out_ += kReset;
    }
}

void StyledText::may_shorten() {
    shortenable_.push_back(last_);
}

void StyledText::shorten(std::size_t part, std::size_t columns) {
    const auto [begin, end] = shortenable_[part];
    const std::string_view text = std::string_view(out_).substr(begin, end - begin);
    const std::string shown = std::string(text.substr(0, end_of_columns(text, columns - 1))) + "…";
    const std::size_t before = out_.size();
    out_.replace(begin, end - begin, shown);
    for (Part& other : shortenable_) {  // "…" may be longer than what it stands for
        other.begin = other.begin < end ? other.begin : other.begin + out_.size() - before;
        other.end = other.end < end ? other.end : other.end + out_.size() - before;
    }
}

void StyledText::fit(std::size_t columns) {
    const std::size_t needed = columns_of(out_);
    if (columns == 0 || needed <= columns) {
        return;
    }
    std::vector<std::size_t> widths;
    widths.reserve(shortenable_.size());
    for (const auto& [begin, end] : shortenable_) {
        widths.push_back(columns_of(std::string_view(out_).substr(begin, end - begin)));
    }
    for (std::size_t excess = needed - columns; excess > 0 && !widths.empty();) {
        const auto longest = std::ranges::max_element(widths);
        if (*longest <= kLeastShown) {
            break;
        }
        const std::size_t less = std::min(excess, *longest - kLeastShown);
        *longest -= less;
        excess -= less;
        shorten(static_cast<std::size_t>(longest - widths.begin()), *longest);
    }
}

void StyledText::cut(std::size_t columns) {
    fit(columns);
    if (columns != 0 && columns_of(out_) > columns) {
        out_.resize(end_of_columns(out_, columns - 1));
        out_ += "…";
        out_ += color_ ? kReset : std::string_view();
    }
}

void StyledText::add_bytes(Style style, ByteView bytes, std::size_t limit, bool is_notation) {
    const ByteView fitting = bytes.substr(0, limit);
    const bool cut = fitting.size() < bytes.size();
    const ByteView shown = cut ? fitting.substr(0, without_cut_code_point(fitting)) : bytes;
    add(style, (is_notation ? printable_notation(shown) : printable(shown)) + (cut ? "…" : ""));
}

}  // namespace sslsniff
