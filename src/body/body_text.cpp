#include "body/body_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "base/url.h"
#include "body/charset.h"
#include "body/decoded_body.h"
#include "body/protobuf_dump.h"

namespace sslsniff {
namespace {

constexpr std::size_t kMaxIndent = 64;

bool is_json(std::string_view type) {
    return type == "application/json" || type == "text/json" || type.ends_with("+json");
}

std::string form_text(std::string_view form) {
    std::string out;
    while (!form.empty()) {
        const std::size_t end = std::min(form.find('&'), form.size());
        const std::string_view pair = form.substr(0, end);
        const std::size_t equals = std::min(pair.find('='), pair.size());
        out += form_decode(pair.substr(0, equals)) + " = " +
               form_decode(pair.substr(std::min(equals + 1, pair.size()))) + "\n";
        form.remove_prefix(std::min(end + 1, form.size()));
    }
    return out;
}

/// The value of header field `name` in the header section of a part.
std::string_view part_field(std::string_view headers, std::string_view name) {
    while (!headers.empty()) {
        const std::size_t end = std::min(headers.find("\r\n"), headers.size());
        const std::string_view line = headers.substr(0, end);
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos && equals_ignore_case(line.substr(0, colon), name)) {
            return trim(line.substr(colon + 1));
        }
        headers.remove_prefix(std::min(end + 2, headers.size()));
    }
    return {};
}

/// One line for a part of a multipart body (RFC 7578): its name, file name, type, and value or size.
std::string part_text(std::string_view part) {
    const std::size_t gap = part.find("\r\n\r\n");
    const std::string_view headers = part.substr(0, gap);
    const std::string_view content =
        gap == std::string_view::npos ? std::string_view() : part.substr(gap + 4);
    const std::string_view disposition = part_field(headers, "Content-Disposition");
    const std::string_view type = part_field(headers, "Content-Type");
    const std::string file = parameter_of(disposition, "filename");
    std::string out = parameter_of(disposition, "name");
    if (!file.empty()) {
        out += fmt::format(" (file {})", file);
    }
    if (!type.empty()) {
        out += fmt::format(" [{}]", type);
    }
    constexpr std::size_t kInline = 200;
    if (file.empty() && content.size() <= kInline && looks_like_text(content)) {
        return out.append(" = ").append(content).append("\n");
    }
    return out + fmt::format(": {} bytes\n", content.size());
}

/// RFC 2046 section 5.1.1.
std::string multipart_text(std::string_view body, const std::string& boundary) {
    const std::string delimiter = "--" + boundary;
    std::string out;
    std::size_t at = body.find(delimiter);
    while (at != std::string_view::npos) {
        body.remove_prefix(at + delimiter.size());
        if (body.starts_with("--")) {
            break;
        }
        body.remove_prefix(body.starts_with("\r\n") ? 2 : 0);
        at = body.find("\r\n" + delimiter);
        out += part_text(body.substr(0, at));
        at = at == std::string_view::npos ? at : at + 2;
    }
    return out;
}

/// The first bytes of a UTF-8 sequence whose rest is not there.
bool is_cut_character(ByteView bytes) {
    const auto lead = static_cast<unsigned char>(bytes.front());
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    return lead >= 0xC2 && lead <= 0xF4 && bytes.size() < length &&
           std::ranges::all_of(
               bytes.substr(1), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; });
}

/// Types that are text by definition, whatever bytes they hold.
bool is_textual(std::string_view type) {
    static constexpr std::array<std::string_view, 4> kTextual = {"json", "xml", "javascript",
                                                                 "x-www-form-urlencoded"};
    return type.starts_with("text/") || std::ranges::any_of(kTextual, [&](std::string_view part) {
               return type.find(part) != std::string_view::npos;
           });
}

}  // namespace

bool looks_like_text(ByteView bytes) {
    const ByteView rest = bytes.substr(utf8_prefix(bytes));
    if (!rest.empty() && !is_cut_character(rest)) {
        return false;
    }
    return std::ranges::none_of(bytes, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != '\x1B') ||
               byte == 0x7F;
    });
}

std::string indent_json(ByteView json) {
    std::string out;
    std::size_t depth = 0;
    bool in_string = false;
    const auto new_line = [&] { out.append("\n").append(2 * std::min(depth, kMaxIndent), ' '); };
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (in_string) {
            out.push_back(c);
            if (c == '\\' && i + 1 < json.size()) {
                out.push_back(json[++i]);
            } else if (c == '"') {
                in_string = false;
            }
            continue;
        }
        switch (c) {
            case ' ':
            case '\t':
            case '\r':
            case '\n':
                break;
            case '{':
            case '[': {
                out.push_back(c);
                const std::size_t next = json.find_first_not_of(" \t\r\n", i + 1);
                if (next != ByteView::npos && (json[next] == '}' || json[next] == ']')) {
                    out.push_back(json[next]);
                    i = next;
                } else {
                    ++depth;
                    new_line();
                }
                break;
            }
            case '}':
            case ']':
                depth -= depth > 0 ? 1 : 0;
                new_line();
                out.push_back(c);
                break;
            case ',':
                out.push_back(c);
                new_line();
                break;
            case ':':
                out.append(": ");
                break;
            default:
                in_string = c == '"';
                out.push_back(c);
        }
    }
    return out;
}

BodyText body_text(const Body& body) {
    const DecodedBody decoded = decode_body(body);
    const std::string type = media_type(body.content_type);
    BodyText result;
    result.remark = describe_decoding(decoded, body.content_encoding);
    if (decoded.bytes.empty()) {
        return result;
    }
    if (decoded.state != DecodedBody::State::unsupported &&
        (type == "application/protobuf" || type == "application/x-protobuf")) {
        result.text = dump_protobuf(decoded.bytes);
        return result;
    }
    const std::string text = to_utf8(decoded.bytes, parameter_of(body.content_type, "charset"));
    const std::string boundary = parameter_of(body.content_type, "boundary");
    if (type.starts_with("multipart/") && !boundary.empty()) {
        result.text = multipart_text(text, boundary);
    } else if (decoded.state == DecodedBody::State::unsupported ||
               (!is_textual(type) && !looks_like_text(text))) {
        return result;  // nothing to read
    } else if (is_json(type)) {
        result.text = indent_json(text);
    } else if (type == "application/x-www-form-urlencoded") {
        result.text = form_text(text);
    } else {
        result.text = text;
    }
    return result;
}

}  // namespace sslsniff
