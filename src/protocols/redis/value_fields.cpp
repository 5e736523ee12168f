#include "protocols/redis/value_fields.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <string>

#include "protocols/redis/resp_number.h"
#include "protocols/redis/value_text.h"

namespace sslsniff::redis {
namespace {

void write_double(FieldWriter& writer, std::string_view key, ByteView text) {
    double number = 0;
    const ByteView digits = text.starts_with('+') ? text.substr(1) : text;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (parsed.ec == std::errc{} && std::isfinite(number)) {
        writer.number(key, number);
    } else {
        writer.text(key, text);
    }
}

void write_scalar(FieldWriter& writer, std::string_view key, const RespValue& value, const RespNode& node) {
    const ByteView text = value.text_of(node);
    std::int64_t integer = 0;
    switch (node.type) {
        case RespType::null:
            return writer.null(key);
        case RespType::boolean:
            return writer.boolean(key, text == "t");
        case RespType::floating:
            return write_double(writer, key, text);
        case RespType::integer:
            return parse_integer(text, integer) ? writer.number(key, integer) : writer.text(key, text);
        case RespType::verbatim_string:
            return writer.text(key, text.substr(std::min<std::size_t>(4, text.size())));  // "txt:"
        case RespType::error:
        case RespType::bulk_error:
            writer.begin_object(key);
            writer.text("error", text);
            return writer.end_object();
        default:
            return writer.text(key, text);
    }
}

/// Appends the lines of the value at `index`; `prefix` is what stands before its first line.
std::size_t write_lines(DetailWriter& writer, char marker, const RespValue& value, std::size_t index,
                        const std::string& prefix) {
    while (index < value.nodes.size() && value.nodes[index].type == RespType::attribute) {
        index = next_index(value, index);
    }
    if (index >= value.nodes.size()) {
        return index;
    }
    const RespNode& node = value.nodes[index];
    if (!is_aggregate(node.type)) {
        writer.line(marker, prefix + scalar_text(value, node, node.kept));
        return index + 1;
    }
    if (node.size == 0) {
        writer.line(marker, fmt::format("{}(empty {})", prefix, to_string(node.type)));
    }
    const bool map = node.type == RespType::map;
    std::size_t at = index + 1;
    for (std::uint64_t n = 0; n < node.size && at < value.nodes.size(); ++n) {
        const std::string indent = n == 0 ? prefix : std::string(prefix.size(), ' ');
        if (map && n % 2 == 1) {
            at = write_lines(writer, marker, value, at, std::string(prefix.size(), ' ') + "   => ");
        } else {
            at = write_lines(writer, marker, value, at, fmt::format("{}{}) ", indent, (map ? n / 2 : n) + 1));
        }
    }
    return next_index(value, index);
}

}  // namespace

std::size_t write_value(FieldWriter& writer, std::string_view key, const RespValue& value,
                        std::size_t index) {
    const RespNode& node = value.nodes[index];
    if (!is_aggregate(node.type)) {
        write_scalar(writer, key, value, node);
        return index + 1;
    }
    const bool pairs = node.type == RespType::map || node.type == RespType::attribute;
    writer.begin_array(key);
    std::size_t at = index + 1;
    for (std::uint64_t n = 0; n < node.size && at < value.nodes.size(); ++n) {
        if (pairs && n % 2 == 0) {
            writer.begin_array("");
        }
        while (at < value.nodes.size() && value.nodes[at].type == RespType::attribute) {
            at = next_index(value, at);
        }
        if (at < value.nodes.size()) {
            at = write_value(writer, "", value, at);
        }
        if (pairs && (n % 2 == 1 || at >= value.nodes.size())) {
            writer.end_array();
        }
    }
    writer.end_array();
    return next_index(value, index);
}

void write_tree(DetailWriter& writer, char marker, const RespValue& value) {
    write_lines(writer, marker, value, 0, "");
    if (value.truncated) {
        writer.line('*', fmt::format("value of {} bytes, shown in part", value.wire_size));
    }
}

}  // namespace sslsniff::redis
