#include "protocols/amqp/values.h"

#include <bit>
#include <cmath>

namespace sslsniff::amqp {
namespace {

constexpr unsigned kMostDepth = 8;
constexpr std::size_t kMostEntries = 256;

/// Writes values of tables and arrays, each once, front to back.
class ValueWriter {
  public:
    explicit ValueWriter(FieldWriter& writer) : writer_(writer) {}

    bool table(ByteView table, std::string_view key, unsigned depth) {
        ByteReader entries(table);
        writer_.begin_array(key);
        for (std::size_t count = 0; entries.left() > 0 && count < kMostEntries; ++count) {
            const ByteView name = read_short_string(entries);
            if (!entries.good()) {
                break;
            }
            writer_.begin_object({});
            writer_.text("name", name);
            value(entries, "value", depth);
            writer_.end_object();
        }
        writer_.end_array();
        return entries.good();
    }

  private:
    void array(ByteReader& reader, std::string_view key, unsigned depth) {
        ByteReader items(read_long_string(reader));
        writer_.begin_array(key);
        for (std::size_t count = 0; items.left() > 0 && count < kMostEntries; ++count) {
            value(items, {}, depth);
        }
        writer_.end_array();
        if (!items.good()) {
            reader.fail();
        }
    }
    template <class Signed>
    void integer(std::string_view key, auto raw) {
        writer_.number(key, static_cast<std::int64_t>(static_cast<Signed>(raw)));
    }
    void decimal(ByteReader& reader, std::string_view key) {
        const std::uint8_t scale = reader.u8();
        const auto unscaled = static_cast<std::int32_t>(reader.be<std::uint32_t>());
        writer_.number(key, unscaled / std::pow(10.0, scale));
    }
    void nested(ByteReader& reader, std::string_view key, unsigned depth, bool is_table) {
        if (depth >= kMostDepth) {
            writer_.text(key, "(too deep)");
            read_long_string(reader);
        } else if (!is_table) {
            array(reader, key, depth + 1);
        } else if (!table(read_long_string(reader), key, depth + 1)) {
            reader.fail();
        }
    }
    void value(ByteReader& reader, std::string_view key, unsigned depth) {
        switch (reader.u8()) {
            case 't':
                return writer_.boolean(key, reader.u8() != 0);
            case 'b':
                return integer<std::int8_t>(key, reader.u8());
            case 'B':
                return writer_.number(key, reader.u8());
            case 's':
                return integer<std::int16_t>(key, reader.be<std::uint16_t>());
            case 'u':
                return writer_.number(key, reader.be<std::uint16_t>());
            case 'I':
                return integer<std::int32_t>(key, reader.be<std::uint32_t>());
            case 'i':
                return writer_.number(key, reader.be<std::uint32_t>());
            case 'l':
                return integer<std::int64_t>(key, reader.be<std::uint64_t>());
            case 'T':
                return writer_.number(key, reader.be<std::uint64_t>());
            case 'f':
                return writer_.number(key, double{std::bit_cast<float>(reader.be<std::uint32_t>())});
            case 'd':
                return writer_.number(key, std::bit_cast<double>(reader.be<std::uint64_t>()));
            case 'D':
                return decimal(reader, key);
            case 'S':
            case 'x':
                return writer_.text(key, read_long_string(reader));
            case 'A':
                return nested(reader, key, depth, false);
            case 'F':
                return nested(reader, key, depth, true);
            case 'V':
                return writer_.null(key);
            default:
                writer_.null(key);
                reader.fail();
        }
    }

    FieldWriter& writer_;
};

}  // namespace

ByteView read_short_string(ByteReader& reader) {
    return reader.bytes(reader.u8());
}

ByteView read_long_string(ByteReader& reader) {
    return reader.bytes(reader.be<std::uint32_t>());
}

bool write_table(ByteView table, std::string_view key, FieldWriter& writer) {
    return ValueWriter(writer).table(table, key, 0);
}

std::optional<ByteView> text_in_table(ByteView table, std::string_view name) {
    ByteReader entries(table);
    while (entries.left() > 0) {
        const bool is_meant = read_short_string(entries) == name;
        switch (entries.u8()) {
            case 'S':
            case 'F':
            case 'A':
            case 'x': {
                const ByteView value = read_long_string(entries);
                if (is_meant && entries.good()) {
                    return value;
                }
                break;
            }
            case 't':
            case 'b':
            case 'B':
                entries.u8();
                break;
            case 'V':
                break;
            default:
                return std::nullopt;
        }
    }
    return std::nullopt;
}

Arguments::Arguments(const Method& method, ByteReader& reader) {
    values_.reserve(method.arguments.size());
    unsigned bits = 0;
    unsigned bit = 8;  // of `bits`, the next one; 8: the next bit begins a byte (section 4.2.5.2)
    for (const Argument& argument : method.arguments) {
        Value value{&argument, 0, {}};
        if (argument.type == ArgumentType::bit && bit == 8) {
            bits = reader.u8();
            bit = 0;
        }
        switch (argument.type) {
            case ArgumentType::bit:
                value.number = bits >> bit & 1U;
                ++bit;
                break;
            case ArgumentType::octet:
                value.number = reader.u8();
                break;
            case ArgumentType::short_int:
                value.number = reader.be<std::uint16_t>();
                break;
            case ArgumentType::long_int:
                value.number = reader.be<std::uint32_t>();
                break;
            case ArgumentType::longlong_int:
                value.number = reader.be<std::uint64_t>();
                break;
            case ArgumentType::short_string:
                value.text = read_short_string(reader);
                break;
            case ArgumentType::long_string:
            case ArgumentType::table:
                value.text = read_long_string(reader);
                break;
        }
        bit = argument.type == ArgumentType::bit ? bit : 8;
        if (!reader.good()) {
            break;
        }
        values_.push_back(value);
    }
    good_ = reader.good();
}

bool Arguments::write(FieldWriter& writer, bool show_secrets) const {
    bool hidden = false;
    for (const Value& value : values_) {
        const Argument& argument = *value.argument;
        if (argument.name.empty()) {
            continue;
        }
        switch (argument.type) {
            case ArgumentType::bit:
                writer.boolean(argument.name, value.number != 0);
                break;
            case ArgumentType::octet:
            case ArgumentType::short_int:
            case ArgumentType::long_int:
            case ArgumentType::longlong_int:
                writer.number(argument.name, value.number);
                break;
            case ArgumentType::short_string:
            case ArgumentType::long_string:
                hidden = hidden || (argument.is_secret && !show_secrets);
                writer.text(argument.name, argument.is_secret && !show_secrets ? "***" : value.text);
                break;
            case ArgumentType::table:
                write_table(value.text, argument.name, writer);
                break;
        }
    }
    return hidden;
}

const Arguments::Value* Arguments::find(std::string_view name) const {
    for (const Value& value : values_) {
        if (value.argument->name == name) {
            return &value;
        }
    }
    return nullptr;
}

std::uint64_t Arguments::number(std::string_view name) const {
    const Value* const value = find(name);
    return value != nullptr ? value->number : 0;
}

ByteView Arguments::text(std::string_view name) const {
    const Value* const value = find(name);
    return value != nullptr ? value->text : ByteView{};
}

}  // namespace sslsniff::amqp
