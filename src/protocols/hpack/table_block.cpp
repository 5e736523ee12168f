#include "protocols/hpack/table_block.h"

#include <cstdint>

namespace sslsniff::hpack {
namespace {

constexpr ByteView kUnknownName = "sslsniff-unknown";
constexpr ByteView kUnknownValue = "not captured";
/// A table of the initial size holds about as many fields: 32 bytes of overhead each leave few for text.
constexpr std::size_t kPlaceholders = 120;
/// Room for placeholders and known fields; that an encoder's own table is smaller does not matter, since it
/// does not refer to what it has evicted.
constexpr std::size_t kWideCapacity = 65'536;

/// RFC 7541 section 5.1; `pattern` are the bits before the prefix.
void append_integer(Bytes& out, std::uint8_t pattern, unsigned bits, std::size_t value) {
    const std::size_t mask = (std::size_t{1} << bits) - 1;
    if (value < mask) {
        out += static_cast<char>(pattern | value);
        return;
    }
    out += static_cast<char>(pattern | mask);
    for (value -= mask; value >= 0x80; value >>= 7U) {
        out += static_cast<char>(0x80U | (value & 0x7FU));
    }
    out += static_cast<char>(value);
}

void append_string(Bytes& out, ByteView text) {
    append_integer(out, 0, 7, text.size());
    out.append(text);
}

/// Section 6.2.1, with a new name.
void append_insertion(Bytes& out, ByteView name, ByteView value) {
    out += '\x40';
    append_string(out, name);
    append_string(out, value);
}

void append_capacity(Bytes& out, std::size_t bytes) {
    append_integer(out, 0x20, 5, bytes);
}

}  // namespace

/// RFC 7541 section 6.2.2, with a new name.
void append_literal(Bytes& out, ByteView name, ByteView value) {
    out += '\0';
    append_string(out, name);
    append_string(out, value);
}

TableBlock encode_table(const DynamicTable& table) {
    TableBlock block;
    block.is_exact = !table.has_unknown();
    for (std::size_t i = 1; i <= table.known_entries(); ++i) {
        const Field& field = *table.find(i);
        block.is_exact = block.is_exact && field.name_known && field.value_known;
    }
    block.capacity = block.is_exact ? table.capacity() : kWideCapacity + table.known_size();
    append_capacity(block.bytes, 0);  // nothing that was there before remains
    append_capacity(block.bytes, block.capacity);
    if (table.has_unknown()) {
        for (std::size_t i = 0; i < kPlaceholders; ++i) {
            append_insertion(block.bytes, kUnknownName, kUnknownValue);
        }
    }
    for (std::size_t i = table.known_entries(); i >= 1; --i) {
        const Field& field = *table.find(i);
        append_insertion(block.bytes, field.name_known ? ByteView(field.name) : kUnknownName,
                         field.value_known ? ByteView(field.value) : kUnknownValue);
    }
    if (table.known_entries() == 0 && !table.has_unknown()) {
        append_literal(block.bytes, "sslsniff-made-up",
                       "an empty table");  // Wireshark fails at no fields at all
    }
    return block;
}

}  // namespace sslsniff::hpack
