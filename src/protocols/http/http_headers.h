#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/memory.h"

namespace sslsniff {

/// Header or trailer fields in the order sent, repetitions kept (RFC 9110 section 5). All bytes live in one
/// buffer, so a section of any number of fields costs two allocations. Names and values are hostile.
class HttpHeaders {
  public:
    struct Field {
        ByteView name;
        ByteView value;
    };

    void add(ByteView name, ByteView value);

    /// Piecewise: a new field with empty name and value, then its name, then its value.
    void begin_field() { entries_.push_back({static_cast<std::uint32_t>(bytes_.size()), 0, 0}); }
    void extend_name(ByteView bytes);
    void extend_value(ByteView bytes);
    void trim_value();  ///< removes trailing SP and HTAB of the last value

    bool empty() const { return entries_.empty(); }
    std::size_t size() const { return entries_.size(); }
    Field operator[](std::size_t index) const;

    /// First value of the field, compared case-insensitively.
    std::optional<ByteView> find(ByteView name) const;
    /// True when any field of that name lists `token` (comma-separated, case-insensitive).
    bool has_token(ByteView name, ByteView token) const;

    /// Memory the fields stand for, as HPACK counts it (RFC 7541 section 4.1): bytes + 32 for each field.
    std::size_t cost() const { return bytes_.size() + kFieldCost * entries_.size(); }
    static constexpr std::size_t kFieldCost = 32;
    /// Bytes of memory outside of itself.
    std::size_t held() const { return heap_bytes(bytes_) + heap_bytes(entries_); }

    class Iterator {
      public:
        Iterator(const HttpHeaders& headers, std::size_t index) : headers_(&headers), index_(index) {}
        Field operator*() const { return (*headers_)[index_]; }
        Iterator& operator++() {
            ++index_;
            return *this;
        }
        bool operator==(const Iterator& other) const { return index_ == other.index_; }

      private:
        const HttpHeaders* headers_;
        std::size_t index_;
    };
    Iterator begin() const { return {*this, 0}; }
    Iterator end() const { return {*this, size()}; }

  private:
    struct Entry {
        std::uint32_t begin;
        std::uint32_t name;
        std::uint32_t value;
    };
    Bytes bytes_;
    std::vector<Entry> entries_;
};

}  // namespace sslsniff
