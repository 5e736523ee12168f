#include "protocols/sql/value.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <iterator>
#include <utility>

#include "base/number.h"
#include "base/text.h"

namespace sslsniff::sql {
namespace {

constexpr std::string_view kEllipsis = "…";

/// "\x0001", as PostgreSQL writes bytea.
std::string hex(ByteView bytes) {
    std::string out = "\\x";
    for (const char c : bytes) {
        fmt::format_to(std::back_inserter(out), "{:02x}", static_cast<unsigned char>(c));
    }
    return out;
}

void append_quoted(std::string& out, ByteView text, bool cut) {
    out += '\'';
    for (const char c : text) {
        out.append(c == '\'' ? 2 : 1, c);
    }
    out += cut ? kEllipsis : "";
    out += '\'';
}

}  // namespace

Value null_value() {
    return {};
}

Value make_value(Value::Kind kind, Bytes text) {
    const std::size_t size = text.size();
    return {kind, std::move(text), size};
}

Value make_value(Value::Kind kind, ByteView text, std::size_t max) {
    const ByteView kept = text.substr(0, max);
    const bool cut = kind == Value::Kind::text && kept.size() < text.size();
    return {kind, Bytes(kept.substr(0, cut ? without_cut_code_point(kept) : kept.size())), text.size()};
}

std::size_t held_by(const Values& values) {
    std::size_t held = heap_bytes(values);
    for (const Value& value : values) {
        held += heap_bytes(value.text);
    }
    return held;
}

void append_literal(std::string& out, const Value& value, std::size_t max) {
    const ByteView text = ByteView(value.text).substr(0, max);
    const bool cut = text.size() < value.size;
    switch (value.kind) {
        case Value::Kind::null:
            out += "NULL";
            break;
        case Value::Kind::unknown:
            out += "<unknown>";
            break;
        case Value::Kind::number:
        case Value::Kind::boolean:
            out += text;
            break;
        case Value::Kind::text:
            append_quoted(out, text.substr(0, cut ? without_cut_code_point(text) : text.size()), cut);
            break;
        case Value::Kind::bytes:
            append_quoted(out, hex(text), cut);
            break;
    }
}

void append_cell(std::string& out, const Value& value) {
    if (value.kind == Value::Kind::text || value.kind == Value::Kind::bytes) {
        out += value.kind == Value::Kind::bytes ? hex(value.text) : value.text;
        out += value.is_cut() ? kEllipsis : "";
    } else {
        append_literal(out, value, value.text.size());
    }
}

void write_value(FieldWriter& writer, std::string_view key, const Value& value) {
    switch (value.kind) {
        case Value::Kind::null:
            return writer.null(key);
        case Value::Kind::unknown:
            return writer.text(key, "<unknown>");
        case Value::Kind::boolean:
            return writer.boolean(key, value.text == "true");
        case Value::Kind::bytes:
            return writer.text(key, hex(value.text));
        case Value::Kind::text:
            return writer.text(key, value.text);
        case Value::Kind::number:
            break;
    }
    if (const auto integer = parse_number<std::int64_t>(value.text)) {
        return writer.number(key, *integer);
    }
    double number = 0;
    const char* const end = value.text.data() + value.text.size();
    const auto parsed = std::from_chars(value.text.data(), end, number);
    if (parsed.ec == std::errc{} && parsed.ptr == end && std::isfinite(number)) {
        return writer.number(key, number);
    }
    writer.text(key, value.text);
}

}  // namespace sslsniff::sql
