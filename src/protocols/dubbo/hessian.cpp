#include "protocols/dubbo/hessian.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace sslsniff::dubbo {
namespace {

constexpr std::size_t kMostValues = 4096;
constexpr unsigned kMostDepth = 24;
constexpr std::size_t kMostFields = 1024;  ///< of a class
constexpr std::size_t kMostClasses = 1024;
constexpr std::size_t kMostSeen = 200;  ///< bytes of Seen::text

/// Swallows what a value is.
class Nowhere final : public FieldWriter {
  public:
    void begin_object(std::string_view /*key*/) override {}
    void end_object() override {}
    void begin_array(std::string_view /*key*/) override {}
    void end_array() override {}
    void text(std::string_view /*key*/, ByteView bytes) override { seen = bytes; }
    void number(std::string_view /*key*/, std::int64_t value) override { seen = std::to_string(value); }
    void number(std::string_view /*key*/, double value) override { seen = fmt::format("{}", value); }
    void boolean(std::string_view /*key*/, bool value) override { seen = value ? "true" : "false"; }
    void null(std::string_view /*key*/) override {}
    void body(std::string_view /*key*/, const Body& /*body*/) override {}
    std::string seen;  ///< the latest value
};

}  // namespace

/// `count` characters of UTF-16, in UTF-8: those beyond the first plane count twice.
std::string HessianReader::characters(std::size_t count) {
    std::string out;
    while (count > 0 && reader_.left() > 0) {
        const std::uint8_t first = reader_.peek();
        const std::size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
        out += reader_.bytes(size);
        count -= size == 4 ? std::min<std::size_t>(count, 2) : 1;
    }
    if (count > 0) {
        reader_.fail();
    }
    return out;
}

std::optional<std::string> HessianReader::string_of(std::uint8_t tag) {
    std::string out;
    for (; tag == 'R' && reader_.good(); tag = reader_.u8()) {
        out += characters(reader_.be<std::uint16_t>());
    }
    if (tag <= 0x1F) {
        return out + characters(tag);
    }
    if (tag >= 0x30 && tag <= 0x33) {
        return out + characters((tag - 0x30U) << 8U | reader_.u8());
    }
    if (tag == 'S') {
        return out + characters(reader_.be<std::uint16_t>());
    }
    return std::nullopt;
}

std::optional<std::int32_t> HessianReader::integer_of(std::uint8_t tag) {
    if (tag >= 0x80 && tag <= 0xBF) {
        return tag - 0x90;
    }
    if (tag >= 0xC0 && tag <= 0xCF) {
        return (tag - 0xC8) * 0x100 + reader_.u8();
    }
    if (tag >= 0xD0 && tag <= 0xD7) {
        return (tag - 0xD4) * 0x10000 + reader_.be<std::uint16_t>();
    }
    if (tag == 'I') {
        return static_cast<std::int32_t>(reader_.be<std::uint32_t>());
    }
    return std::nullopt;
}

std::optional<std::string> HessianReader::string() {
    const std::uint8_t tag = reader_.u8();
    auto out = tag == 'N' ? std::nullopt : string_of(tag);
    if (!out && tag != 'N') {
        reader_.fail();
    }
    return out;
}

std::int32_t HessianReader::integer() {
    const auto out = integer_of(reader_.u8());
    if (!out) {
        reader_.fail();
    }
    return out.value_or(0);
}

/// Bytes of binary data, in chunks.
std::uint64_t HessianReader::skip_binary(std::uint8_t tag) {
    std::uint64_t size = 0;
    for (; tag == 'A' && reader_.good(); tag = reader_.u8()) {
        const auto chunk = reader_.be<std::uint16_t>();
        reader_.bytes(chunk);
        size += chunk;
    }
    const std::size_t last = tag == 'B'                   ? reader_.be<std::uint16_t>()
                             : tag >= 0x20 && tag <= 0x2F ? tag - 0x20U
                             : tag >= 0x34 && tag <= 0x37 ? (tag - 0x34U) << 8U | reader_.u8()
                                                          : 0;
    reader_.bytes(last);
    return size + last;
}

/// A name, or the number of one that came before.
std::string HessianReader::type() {
    const std::uint8_t tag = reader_.u8();
    if (const auto name = string_of(tag)) {
        if (types_.size() < kMostClasses) {
            types_.push_back(*name);
        }
        return *name;
    }
    const auto number = integer_of(tag);
    if (!number || *number < 0 || static_cast<std::size_t>(*number) >= types_.size()) {
        reader_.fail();
        return {};
    }
    return types_[static_cast<std::size_t>(*number)];
}

void HessianReader::define_class() {
    Class out;
    out.name = string().value_or("");
    const std::int32_t fields = integer();
    for (std::int32_t i = 0; i < fields && reader_.good(); ++i) {
        out.fields.push_back(string().value_or(""));
        if (out.fields.size() > kMostFields) {
            reader_.fail();
        }
    }
    if (classes_.size() >= kMostClasses) {
        reader_.fail();
    } else {
        classes_.push_back(std::move(out));
    }
}

bool HessianReader::is_too_much(const Context& context) {
    if (++values_ > kMostValues || context.depth > kMostDepth) {
        reader_.fail();
    }
    return !reader_.good();
}

void HessianReader::number(std::string_view key, std::int64_t value, const Context& context) {
    context.writer.number(key, value);
    if (context.seen != nullptr) {
        context.seen->text = std::to_string(value);
    }
}

void HessianReader::real(std::string_view key, double value, const Context& context) {
    context.writer.number(key, value);
    if (context.seen != nullptr) {
        context.seen->text = fmt::format("{}", value);
    }
}

void HessianReader::list(std::string_view key, std::optional<std::uint32_t> size, const Context& context) {
    context.writer.begin_array(key);
    for (std::uint32_t i = 0; (!size || i < *size) && reader_.good(); ++i) {
        if (!size && reader_.peek() == 'Z') {
            reader_.u8();
            break;
        }
        value({}, {context.writer, context.depth + 1});
    }
    context.writer.end_array();
}

/// A key as text, whatever it is.
std::string HessianReader::key_text() {
    Nowhere nowhere;
    value({}, {nowhere, kMostDepth});
    return nowhere.seen;
}

void HessianReader::map(std::string_view key, const Context& context) {
    context.writer.begin_object(key);
    while (reader_.good() && reader_.left() > 0) {
        if (reader_.peek() == 'Z') {
            reader_.u8();
            break;
        }
        const std::string name = key_text();
        value(name, {context.writer, context.depth + 1});
    }
    context.writer.end_object();
}

void HessianReader::object(std::string_view key, std::uint32_t definition, const Context& context) {
    if (definition >= classes_.size()) {
        reader_.fail();
        return;
    }
    const Class shape = classes_[definition];  // what is inside may define more
    context.writer.begin_object(key);
    context.writer.text("class", shape.name);
    for (const std::string& field : shape.fields) {
        if (!reader_.good()) {
            break;
        }
        Seen inside;
        value(field, {context.writer, context.depth + 1, &inside});
        if (context.seen != nullptr && field == "detailMessage") {
            context.seen->message = inside.text;
        }
    }
    context.writer.end_object();
    if (context.seen != nullptr) {
        context.seen->class_name = shape.name;
    }
}

void HessianReader::value(std::string_view key, const Context& context) {
    if (is_too_much(context)) {
        return;
    }
    std::uint8_t tag = reader_.u8();
    while (tag == 'C' && reader_.good()) {
        define_class();
        tag = reader_.u8();
    }
    if (reader_.good()) {
        value_of(tag, key, context);
    }
}

void HessianReader::value_of(std::uint8_t tag, std::string_view key, const Context& context) {
    if (tag <= 0x1F || (tag >= 0x30 && tag <= 0x33) || tag == 'R' || tag == 'S') {
        const std::string text = string_of(tag).value_or("");
        context.writer.text(key, text);
        if (context.seen != nullptr) {
            context.seen->text = text.substr(0, kMostSeen);
        }
        return;
    }
    if ((tag >= 0x80 && tag <= 0xD7) || tag == 'I') {
        return number(key, integer_of(tag).value_or(0), context);
    }
    if (tag >= 0xD8 && tag <= 0xEF) {
        return number(key, tag - 0xE0, context);
    }
    if (tag >= 0xF0) {
        return number(key, (tag - 0xF8) * 0x100 + reader_.u8(), context);
    }
    if (tag >= 0x38 && tag <= 0x3F) {
        return number(key, (tag - 0x3C) * 0x10000 + reader_.be<std::uint16_t>(), context);
    }
    if ((tag >= 0x20 && tag <= 0x2F) || (tag >= 0x34 && tag <= 0x37) || tag == 'A' || tag == 'B') {
        return context.writer.text(key, fmt::format("({} bytes)", skip_binary(tag)));
    }
    if (tag >= 0x60 && tag <= 0x6F) {
        return object(key, tag - 0x60U, context);
    }
    if (tag >= 0x70 && tag <= 0x77) {
        type();
        return list(key, tag - 0x70U, context);
    }
    if (tag >= 0x78 && tag <= 0x7F) {
        return list(key, tag - 0x78U, context);
    }
    switch (tag) {
        case 'N':
            return context.writer.null(key);
        case 'T':
        case 'F':
            if (context.seen != nullptr) {
                context.seen->text = tag == 'T' ? "true" : "false";
            }
            return context.writer.boolean(key, tag == 'T');
        case 'L':
        case 'J':  // milliseconds
            return number(key, static_cast<std::int64_t>(reader_.be<std::uint64_t>()), context);
        case 'K': {  // minutes
            constexpr std::int64_t kMilliseconds = 60'000;
            return number(key, static_cast<std::int32_t>(reader_.be<std::uint32_t>()) * kMilliseconds,
                          context);
        }
        case 'Y':
            return number(key, static_cast<std::int32_t>(reader_.be<std::uint32_t>()), context);
        case 'D':
            return real(key, std::bit_cast<double>(reader_.be<std::uint64_t>()), context);
        case 0x5B:
        case 0x5C:
            return real(key, tag - 0x5B, context);
        case 0x5D:
            return real(key, static_cast<std::int8_t>(reader_.u8()), context);
        case 0x5E:
            return real(key, static_cast<std::int16_t>(reader_.be<std::uint16_t>()), context);
        case 0x5F:
            return real(key, static_cast<std::int32_t>(reader_.be<std::uint32_t>()) / 1000.0, context);
        case 'H':
            return map(key, context);
        case 'M':
            type();
            return map(key, context);
        case 'O':
            return object(key, static_cast<std::uint32_t>(integer()), context);
        case 'Q':
            return context.writer.text(key, fmt::format("(reference {})", integer()));
        case 'U':
            type();
            return list(key, std::nullopt, context);
        case 'W':
            return list(key, std::nullopt, context);
        case 'V':
            type();
            return list(key, static_cast<std::uint32_t>(integer()), context);
        case 'X':
            return list(key, static_cast<std::uint32_t>(integer()), context);
        default:
            reader_.fail();
    }
}

HessianReader::Seen HessianReader::write(std::string_view key, FieldWriter& writer) {
    Seen seen;
    value(key, {writer, 0, &seen});
    return seen;
}

bool HessianReader::write_pairs(std::string_view key, FieldWriter& writer, std::string_view secret) {
    bool hidden = false;
    const std::uint8_t tag = reader_.u8();
    if (tag == 'M') {
        type();
    } else if (tag != 'H') {
        if (tag != 'N') {
            reader_.fail();
        }
        return false;
    }
    writer.begin_array(key);
    while (reader_.good() && reader_.left() > 0) {
        if (reader_.peek() == 'Z') {
            reader_.u8();
            break;
        }
        const std::string name = key_text();
        if (!reader_.good()) {
            break;
        }
        writer.begin_object({});
        writer.text("name", name);
        if (!secret.empty() && name == secret) {
            Nowhere nowhere;
            value({}, {nowhere, 1});
            writer.text("value", "***");
            hidden = true;
        } else {
            value("value", {writer, 1});
        }
        writer.end_object();
    }
    writer.end_array();
    return hidden;
}

}  // namespace sslsniff::dubbo
