#include "output/text/text_details.h"

#include <fmt/format.h>

#include "base/text.h"
#include "body/body_text.h"
#include "output/text/hex_dump.h"

namespace sslsniff {
namespace {

std::string prefix_of(char marker) {
    return fmt::format("    {} ", marker);
}

/// "image/png, gzip" for what cannot be shown as text.
std::string kind_of(const Body& body) {
    static constexpr std::size_t kShown = 60;
    std::string kind = printable(ByteView(body.content_type).substr(0, kShown));
    if (!body.content_encoding.empty()) {
        kind += kind.empty() ? "" : ", ";
        kind += printable(ByteView(body.content_encoding).substr(0, kShown));
    }
    return kind.empty() ? "binary" : kind;
}

}  // namespace

void TextDetails::line(char marker, ByteView text) {
    if (options_.verbosity >= 1) {
        out_ += prefix_of(marker);
        out_ += is_notation_ ? printable_notation(text) : printable(text);
        out_ += '\n';
    }
}

void TextDetails::body(char marker, const Body& body) {
    if (options_.hex) {
        append_hex_dump(out_, body.captured, prefix_of(marker));
    } else if (options_.verbosity < 2) {
        saved(marker, body);
        return;
    } else if (!body.json.empty()) {
        text_body(marker, indent_json(body.json));
    } else {
        const BodyText shown = body_text(body);
        text_body(marker, shown.text);
        if (!shown.remark.empty()) {
            remark(marker, printable(shown.remark));
        }
        if (shown.text.empty()) {
            remark(marker, fmt::format("{} bytes: {}", human_size(body.size), kind_of(body)));
            saved(marker, body);
            return;
        }
    }
    if (body.truncated()) {
        remark(marker, fmt::format("{} more", human_size(body.size - body.captured.size())));
    }
    if (body.missing != 0) {
        remark(marker, fmt::format("{} missing", human_size(body.missing)));
    }
    saved(marker, body);
}

void TextDetails::saved(char marker, const Body& body) {
    if (options_.verbosity >= 1 && body.record && !body.record->name().empty()) {
        remark(marker, "saved as " + printable(body.record->name()));
    }
}

void TextDetails::text_body(char marker, ByteView rest) {
    const std::string prefix = prefix_of(marker);
    while (!rest.empty()) {
        const auto newline = rest.find('\n');
        ByteView text = rest.substr(0, newline);
        rest.remove_prefix(newline == ByteView::npos ? rest.size() : newline + 1);
        if (text.ends_with('\r') && newline != ByteView::npos) {
            text.remove_suffix(1);
        }
        out_ += prefix;
        out_ += printable(text, true);
        out_ += '\n';
    }
}

void TextDetails::remark(char marker, std::string_view text) {
    fmt::format_to(std::back_inserter(out_), "{}[{}]\n", prefix_of(marker), text);
}

}  // namespace sslsniff
