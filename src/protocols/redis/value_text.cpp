#include "protocols/redis/value_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace sslsniff::redis {
namespace {

constexpr std::string_view kEllipsis = "…";

bool is_plain_word(ByteView word) {
    return !word.empty() && std::ranges::all_of(word, [](char c) {
        return c > ' ' && c < 0x7F && c != '"' && c != '\'' && c != '\\';
    });
}

/// The bytes of a scalar that fit into `max`, and whether they are all that passed. Never cuts a character.
struct Excerpt {
    ByteView text;
    bool cut = false;
};
Excerpt excerpt(const RespValue& value, const RespNode& node, std::size_t max) {
    ByteView text = value.text_of(node);
    if (text.size() > max) {
        text = text.substr(0, max);
        if (const std::size_t whole = utf8_prefix(text); whole + 4 > text.size()) {
            text = text.substr(0, whole);
        }
    }
    return {text, text.size() < node.size};
}

std::string_view opening(RespType type) {
    switch (type) {
        case RespType::map:
            return "{";
        case RespType::set:
            return "~[";
        case RespType::push:
            return ">[";
        default:
            return "[";
    }
}

/// Appends the value at `index`; returns the index behind it.
std::size_t append_value(std::string& out, const RespValue& value, std::size_t index, std::size_t max) {
    while (index < value.nodes.size() && value.nodes[index].type == RespType::attribute) {
        index = next_index(value, index);
    }
    if (index >= value.nodes.size() || out.size() >= max) {
        out += kEllipsis;
        return value.nodes.size();
    }
    const RespNode& node = value.nodes[index];
    if (!is_aggregate(node.type)) {
        out += scalar_text(value, node, max - out.size());
        return index + 1;
    }
    const bool map = node.type == RespType::map;
    out += opening(node.type);
    std::size_t at = index + 1;
    for (std::uint64_t n = 0; n < node.size; ++n) {
        if (n > 0) {
            out += map && n % 2 == 1 ? ": " : ", ";
        }
        if (at >= value.nodes.size() || out.size() >= max) {
            fmt::format_to(std::back_inserter(out), "{} ({} in all)", kEllipsis,
                           map ? node.size / 2 : node.size);
            break;
        }
        at = append_value(out, value, at, max);
    }
    out += map ? '}' : ']';
    return next_index(value, index);
}

}  // namespace

void append_quoted(std::string& out, ByteView bytes) {
    out += '"';
    for (std::size_t at = 0; at < bytes.size();) {
        const auto special = std::ranges::find_if(bytes.substr(at), [](char c) {
            return c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t';
        });
        const auto plain = static_cast<std::size_t>(special - bytes.begin()) - at;
        out += printable(bytes.substr(at, plain));
        at += plain;
        if (at < bytes.size()) {
            constexpr ByteView kFrom = "\n\r\t";
            constexpr ByteView kTo = "nrt";
            const std::size_t known = kFrom.find(bytes[at]);
            out += '\\';
            out += known == ByteView::npos ? bytes[at] : kTo[known];
            ++at;
        }
    }
    out += '"';
}

std::string scalar_text(const RespValue& value, const RespNode& node, std::size_t max) {
    const auto [text, cut] = excerpt(value, node, max);
    const std::string_view tail = cut ? kEllipsis : std::string_view{};
    std::string out;
    switch (node.type) {
        case RespType::null:
            return "(nil)";
        case RespType::simple_string:
        case RespType::big_number:
            return fmt::format("{}{}", printable(text), tail);
        case RespType::error:
        case RespType::bulk_error:
            return fmt::format("(error) {}{}", printable(text), tail);
        case RespType::integer:
            return fmt::format("(integer) {}", printable(text));
        case RespType::floating:
            return fmt::format("(double) {}", printable(text));
        case RespType::boolean:
            return text == "t" ? "(true)" : "(false)";
        case RespType::verbatim_string:
            append_quoted(out, text.substr(std::min<std::size_t>(4, text.size())));  // "txt:"
            return out.append(tail);
        default:
            append_quoted(out, text);
            return cut ? fmt::format("{}{} ({} bytes)", out, tail, node.size) : out;
    }
}

std::string one_line(const RespValue& value, std::size_t max) {
    std::string out;
    append_value(out, value, 0, max);
    return out;
}

std::string command_line(const RespValue& request, std::size_t max) {
    std::string out;
    if (request.empty()) {
        return out;
    }
    for (std::size_t i = 1; i < request.nodes.size(); ++i) {
        out += i > 1 ? " " : "";
        if (out.size() >= max) {
            return fmt::format("{}{} ({} words)", out, kEllipsis, request.nodes.front().size);
        }
        const auto [word, cut] =
            excerpt(request, request.nodes[i], std::max<std::size_t>(max - out.size(), 16));
        if (is_plain_word(word)) {
            out += i == 1 ? fmt::format("{}", word) : std::string(word);
        } else {
            append_quoted(out, word);
        }
        out += cut ? kEllipsis : std::string_view{};
    }
    if (request.nodes.size() - 1 < request.nodes.front().size) {
        fmt::format_to(std::back_inserter(out), " {} ({} words)", kEllipsis, request.nodes.front().size);
    }
    return out;
}

}  // namespace sslsniff::redis
