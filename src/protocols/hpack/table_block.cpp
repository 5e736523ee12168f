#include "protocols/hpack/table_block.h"

#include "protocols/hpack/representation.h"

namespace sslsniff::hpack {
namespace {

constexpr ByteView kUnknownName = "sslsniff-unknown";
constexpr ByteView kUnknownValue = "not captured";
constexpr std::size_t kEntryOverhead = 32;  // RFC 7541 section 4.1
/// A table of the initial size holds about as many fields: 32 bytes of overhead each leave few for text.
constexpr std::size_t kPlaceholders = 120;
/// Room for placeholders and known fields; that an encoder's own table is smaller does not matter, since it
/// does not refer to what it has evicted.
constexpr std::size_t kWideCapacity = 65'536;

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

}  // namespace

/// RFC 7541 section 6.2.2, with a new name.
void append_literal(Bytes& out, ByteView name, ByteView value) {
    out += '\0';
    append_string(out, name);
    append_string(out, value);
}

TableBlock encode_table(const Decoder& decoder) {
    TableBlock block;
    block.is_exact = decoder.aligned();
    std::size_t known_size = 0;
    for (std::size_t i = 1; i <= decoder.known_entries(); ++i) {
        const Decoder::Entry entry = decoder.entry(i);
        block.is_exact = block.is_exact && entry.name_known;
        known_size += kEntryOverhead + entry.name.size() + entry.value.size();
    }
    block.capacity = block.is_exact ? decoder.capacity() : kWideCapacity + known_size;
    append_capacity(block.bytes, 0);  // nothing that was there before remains
    append_capacity(block.bytes, block.capacity);
    if (!decoder.aligned()) {
        for (std::size_t i = 0; i < kPlaceholders; ++i) {
            append_insertion(block.bytes, kUnknownName, kUnknownValue);
        }
    }
    for (std::size_t i = decoder.known_entries(); i >= 1; --i) {
        const Decoder::Entry entry = decoder.entry(i);
        append_insertion(block.bytes, entry.name_known ? entry.name : kUnknownName, entry.value);
    }
    if (decoder.known_entries() == 0 && decoder.aligned()) {
        append_literal(block.bytes, "sslsniff-made-up",
                       "an empty table");  // Wireshark fails at no fields at all
    }
    return block;
}

}  // namespace sslsniff::hpack
