#include "protocols/hpack/decoder.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "protocols/hpack/huffman.h"
#include "protocols/hpack/static_table.h"

namespace sslsniff::hpack {
namespace {

/// Bytes of a header block that are not decoded yet. Every step returns nothing when they do not suffice or
/// are not well-formed.
class Reader {
  public:
    explicit Reader(ByteView bytes) : rest_(bytes) {}
    bool empty() const { return rest_.empty(); }
    std::uint8_t peek() const { return static_cast<std::uint8_t>(rest_.front()); }

    /// Section 5.1, with a prefix of `bits`.
    std::optional<std::size_t> integer(unsigned bits) {
        if (rest_.empty()) {
            return std::nullopt;
        }
        const std::uint8_t mask = static_cast<std::uint8_t>((1U << bits) - 1);
        std::uint64_t value = take() & mask;
        if (value < mask) {
            return value;
        }
        for (unsigned shift = 0; shift <= 28; shift += 7) {
            if (rest_.empty()) {
                return std::nullopt;
            }
            const std::uint8_t byte = take();
            value += static_cast<std::uint64_t>(byte & 0x7FU) << shift;
            if ((byte & 0x80U) == 0) {
                return value <= UINT32_MAX ? std::optional<std::size_t>(value) : std::nullopt;
            }
        }
        return std::nullopt;
    }

    /// Section 5.2.
    bool string(Bytes& out) {
        if (rest_.empty()) {
            return false;
        }
        const bool huffman = (peek() & 0x80U) != 0;
        const std::optional<std::size_t> length = integer(7);
        if (!length || *length > rest_.size()) {
            return false;
        }
        const ByteView bytes = rest_.substr(0, *length);
        rest_.remove_prefix(*length);
        if (huffman) {
            return huffman_decode(bytes, out);
        }
        out.assign(bytes);
        return true;
    }

  private:
    std::uint8_t take() {
        const auto byte = static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return byte;
    }

    ByteView rest_;
};

/// A field that is not copied: of the static table, the dynamic table, or unknown.
struct Reference {
    ByteView name;
    ByteView value;
    bool name_known = true;
    bool value_known = true;
};

/// What `index` refers to; nothing when the index cannot be right.
std::optional<Reference> lookup(const DynamicTable& table, std::size_t index) {
    if (index == 0) {
        return std::nullopt;
    }
    if (index <= kStaticEntries) {
        const StaticEntry& entry = static_entry(index);
        return Reference{.name = entry.name, .value = entry.value};
    }
    if (const Field* field = table.find(index - kStaticEntries)) {
        return Reference{field->name, field->value, field->name_known, field->value_known};
    }
    return table.has_unknown() ? std::optional(Reference{{}, {}, false, false}) : std::nullopt;
}

/// A literal of section 6.2 whose first byte has an index prefix of `bits`.
std::optional<Field> literal(Reader& reader, const DynamicTable& table, unsigned bits) {
    const std::optional<std::size_t> index = reader.integer(bits);
    if (!index) {
        return std::nullopt;
    }
    Field field;
    if (*index != 0) {
        const std::optional<Reference> named = lookup(table, *index);
        if (!named) {
            return std::nullopt;
        }
        field.name = named->name;
        field.name_known = named->name_known;
    } else if (!reader.string(field.name)) {
        return std::nullopt;
    }
    return reader.string(field.value) ? std::optional(std::move(field)) : std::nullopt;
}

/// Fields of a block, as many as fit.
class FieldList {
  public:
    FieldList(Block& block, std::size_t limit) : block_(block), room_(limit) {}

    void add(const Reference& field) {
        if (reserve(field.name.size() + field.value.size(), field.name_known && field.value_known)) {
            block_.fields.push_back(
                {Bytes(field.name), Bytes(field.value), field.name_known, field.value_known});
        }
    }
    void add(Field field) {
        if (reserve(field.name.size() + field.value.size(), field.name_known)) {
            block_.fields.push_back(std::move(field));
        }
    }

  private:
    bool reserve(std::size_t bytes, bool known) {
        const std::size_t size = bytes + 32;
        if (block_.truncated || size > room_) {
            block_.truncated = true;
            return false;
        }
        room_ -= size;
        block_.unknown += known ? 0 : 1;
        return true;
    }

    Block& block_;
    std::size_t room_;
};

/// One representation of section 6: adds its field to `fields` or changes the table's size. False when it is
/// not well-formed.
bool representation(Reader& reader, DynamicTable& table, FieldList& fields, bool& seen_field) {
    const std::uint8_t byte = reader.peek();
    if ((byte & 0xE0U) == 0x20U) {
        const std::optional<std::size_t> capacity = reader.integer(5);
        if (!capacity || seen_field) {  // section 4.2: only at the beginning of a block
            return false;
        }
        table.set_capacity(*capacity);
        return true;
    }
    seen_field = true;
    if ((byte & 0x80U) != 0) {
        const std::optional<std::size_t> index = reader.integer(7);
        const std::optional<Reference> field = index ? lookup(table, *index) : std::nullopt;
        if (!field) {
            return false;
        }
        fields.add(*field);
        return true;
    }
    const bool insert = (byte & 0x40U) != 0;
    std::optional<Field> field = literal(reader, table, insert ? 6 : 4);
    if (!field) {
        return false;
    }
    if (insert) {
        table.insert(*field);
    }
    fields.add(*std::move(field));
    return true;
}

}  // namespace

Decoder::Decoder(bool from_start, std::size_t max_list) : table_(from_start), max_list_(max_list) {}

Block Decoder::decode(ByteView block) {
    Block result;
    FieldList fields(result, max_list_);
    bool seen_field = false;
    Reader reader(block);
    while (!reader.empty()) {
        if (!representation(reader, table_, fields, seen_field)) {
            result.damaged = true;
            lose();
            break;
        }
    }
    return result;
}

Block Decoder::decode_prefix(ByteView bytes) {
    Block result = decode(bytes);
    result.damaged = true;
    lose();
    return result;
}

}  // namespace sslsniff::hpack
