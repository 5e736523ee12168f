#include "protocols/hpack/decoder.h"

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <new>
#include <optional>

#include "base/memory.h"
#include "protocols/hpack/representation.h"

namespace sslsniff::hpack {
namespace {

constexpr std::size_t kStaticEntries = 61;      // RFC 7541 appendix A
constexpr std::size_t kInitialCapacity = 4096;  // SETTINGS_HEADER_TABLE_SIZE, RFC 9113 section 6.5.2
constexpr std::size_t kEntryOverhead = 32;      // RFC 7541 section 4.1
/// What we keep of larger tables; the entries behind become unknown. Browsers and servers use 4 to 64 KiB.
constexpr std::size_t kMaxCapacity = std::size_t{1} << 20U;
/// Stands in nghttp2's table for a name that is not known. No correct peer sends it, and no name is shorter:
/// so an entry is never dropped before the encoder drops it.
constexpr ByteView kUnnamed = "\xFF";

const std::uint8_t* to_nghttp2(ByteView bytes) {
    return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

ByteView from_nghttp2(const std::uint8_t* bytes, std::size_t size) {
    return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

/// Fields of a block, as many as fit.
class Decoder::FieldList {
  public:
    FieldList(Block& block, std::size_t limit) : block_(block), room_(limit) {}

    void add(ByteView name, ByteView value, bool name_known) {
        if (reserve(name.size() + value.size(), name_known)) {
            block_.fields.push_back({Bytes(name), Bytes(value), name_known, true});
        }
    }
    void add_unknown() {
        if (reserve(0, false)) {
            block_.fields.push_back({{}, {}, false, false});
        }
    }

  private:
    bool reserve(std::size_t bytes, bool known) {
        const std::size_t size = bytes + kEntryOverhead;
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

void Decoder::Delete::operator()(nghttp2_hd_inflater* inflater) const {
    nghttp2_hd_inflate_del(inflater);
}

Decoder::Decoder(bool from_start, std::size_t max_list)
    : max_list_(max_list), has_unknown_(!from_start), knows_capacity_(from_start) {}

void Decoder::lose() {
    inflater_.reset();
    has_unknown_ = true;
    knows_capacity_ = false;
    has_unnamed_ = false;
}

void Decoder::create() {
    nghttp2_hd_inflater* created = nullptr;
    if (nghttp2_hd_inflate_new(&created) != 0) {
        throw std::bad_alloc();
    }
    inflater_.reset(created);
    nghttp2_hd_inflate_change_table_size(created, kMaxCapacity);  // what the peers' SETTINGS allow, or more
    if (!knows_capacity_) {
        Block none;
        FieldList fields(none, 0);
        Bytes update;
        append_capacity(update, kMaxCapacity);
        inflate(update, true, fields);
    }
}

Block Decoder::decode(ByteView block) {
    Block result;
    FieldList fields(result, max_list_);
    if (!inflater_) {
        create();
    }
    const bool is_known = aligned() && !is_capacity(block);
    if (!(is_known ? inflate(block, true, fields) : decode_stepwise(block, fields))) {
        result.damaged = true;
        lose();
    }
    return result;
}

Block Decoder::decode_prefix(ByteView bytes) {
    Block result = decode(bytes);
    result.damaged = true;
    lose();
    return result;
}

bool Decoder::decode_stepwise(ByteView block, FieldList& fields) {
    using Kind = Representation::Kind;
    bool has_fields = false;
    while (!block.empty()) {
        const std::optional<Representation> next = take_representation(block);
        if (!next) {
            return false;
        }
        if (next->kind == Kind::capacity) {
            if (has_fields || !resize(next->number, fields)) {  // section 4.2: only at the beginning
                return false;
            }
        } else if (has_unknown_ && next->number > kStaticEntries + known_entries()) {
            has_fields = true;
            if (next->kind == Kind::indexed) {
                fields.add_unknown();
                continue;
            }
            has_unnamed_ = true;
            Bytes head(1, next->kind == Kind::insertion ? '\x40' : '\0');
            append_integer(head, 0, 7, kUnnamed.size());
            head += kUnnamed;
            if (!inflate(head, false, fields) || !inflate(next->strings, false, fields)) {
                return false;
            }
        } else {
            has_fields = true;
            if (!inflate(next->bytes, false, fields)) {
                return false;
            }
        }
        // Known sizes are lower bounds of what the encoder counts.
        if (knows_capacity_ && known_size() + kEntryOverhead > capacity()) {
            has_unknown_ = false;  // no room for an entry behind the known ones
        }
    }
    return inflate({}, true, fields);
}

bool Decoder::resize(std::size_t capacity, FieldList& fields) {
    knows_capacity_ = capacity <= kMaxCapacity;
    has_unknown_ = has_unknown_ || !knows_capacity_;
    Bytes update;
    append_capacity(update, knows_capacity_ ? capacity : kMaxCapacity);
    return inflate(update, false, fields);
}

/// The next bytes of a block, and with `is_end` its end. False when it is not well-formed.
bool Decoder::inflate(ByteView bytes, bool is_end, FieldList& fields) {
    for (;;) {
        nghttp2_nv field;
        int flags = NGHTTP2_HD_INFLATE_NONE;
        const ssize_t used = nghttp2_hd_inflate_hd2(inflater_.get(), &field, &flags, to_nghttp2(bytes),
                                                    bytes.size(), is_end ? 1 : 0);
        if (used < 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(used));
        if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
            const ByteView name = from_nghttp2(field.name, field.namelen);
            const bool is_named = !has_unnamed_ || name != kUnnamed;
            fields.add(is_named ? name : ByteView(), from_nghttp2(field.value, field.valuelen), is_named);
        } else if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) {
            return nghttp2_hd_inflate_end_headers(inflater_.get()) == 0;
        } else if (bytes.empty()) {
            return true;
        }
    }
}

std::size_t Decoder::known_entries() const {
    return inflater_ ? nghttp2_hd_inflate_get_num_table_entries(inflater_.get()) - kStaticEntries : 0;
}

Decoder::Entry Decoder::entry(std::size_t index) const {
    const nghttp2_nv& field = *nghttp2_hd_inflate_get_table_entry(inflater_.get(), kStaticEntries + index);
    const ByteView name = from_nghttp2(field.name, field.namelen);
    const bool is_named = !has_unnamed_ || name != kUnnamed;
    return {is_named ? name : ByteView(), from_nghttp2(field.value, field.valuelen), is_named};
}

std::size_t Decoder::known_size() const {
    return inflater_ ? nghttp2_hd_inflate_get_dynamic_table_size(inflater_.get()) : 0;
}

std::size_t Decoder::capacity() const {
    return inflater_ && knows_capacity_ ? nghttp2_hd_inflate_get_max_dynamic_table_size(inflater_.get())
                                        : kInitialCapacity;
}

std::size_t Decoder::held() const {
    // Measured with nghttp2 1.52: the inflater with its ring of 128 entries, and what an entry takes besides
    // its text.
    constexpr std::size_t kInflater = 1'500;
    constexpr std::size_t kEntry = 190;
    return inflater_ ? kInflater + known_size() + known_entries() * (kEntry - kEntryOverhead) : 0;
}

}  // namespace sslsniff::hpack
