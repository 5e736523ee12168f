#include "protocols/hpack/dynamic_table.h"

#include <algorithm>
#include <utility>

#include "base/memory.h"

namespace sslsniff::hpack {
namespace {

constexpr std::size_t kInitialCapacity = 4096;  // SETTINGS_HEADER_TABLE_SIZE, RFC 9113 section 6.5.2
constexpr std::size_t kEntryOverhead = 32;      // RFC 7541 section 4.1
/// What we keep of larger tables; the entries behind become unknown. Browsers and servers use 4 to 64 KiB.
constexpr std::size_t kMaxKept = std::size_t{1} << 20U;

std::size_t size_of(const Field& field) {
    return field.name.size() + field.value.size() + kEntryOverhead;
}

}  // namespace

DynamicTable::DynamicTable(bool complete) : has_unknown_(!complete) {
    if (complete) {
        capacity_ = kInitialCapacity;
    }
}

const Field* DynamicTable::find(std::size_t index) const {
    return index >= 1 && index <= entries_.size() ? &entries_[index - 1] : nullptr;
}

void DynamicTable::insert(Field field) {
    if (field.name.size() > kMaxName) {
        field.name = Bytes();
        field.name_known = false;
    }
    size_ += size_of(field);
    entries_.push_front(std::move(field));
    evict();
}

void DynamicTable::set_capacity(std::size_t bytes) {
    capacity_ = bytes;
    evict();
}

std::size_t DynamicTable::capacity() const {
    return capacity_.value_or(kInitialCapacity);
}

void DynamicTable::lose() {
    entries_.clear();
    size_ = 0;
    capacity_.reset();
    has_unknown_ = true;
}

std::size_t DynamicTable::held() const {
    // Most names and values fit into the strings.
    return sizeof(*this) + kEmptyDeque + size_ + entries_.size() * sizeof(Field);
}

void DynamicTable::evict() {
    // size_ is a lower bound of what the encoder counts: beyond its capacity an entry is gone for certain.
    const std::size_t limit = std::min(capacity_.value_or(kMaxKept), kMaxKept);
    const bool forgotten = size_ > limit && (!capacity_ || *capacity_ > limit);
    while (size_ > limit) {
        size_ -= size_of(entries_.back());
        entries_.pop_back();
    }
    if (forgotten) {
        has_unknown_ = true;
    } else if (capacity_ && size_ + kEntryOverhead > *capacity_) {
        has_unknown_ = false;  // no room for an entry behind the known ones
    }
}

}  // namespace sslsniff::hpack
