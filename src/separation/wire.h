#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/endian.h"

namespace sslsniff::separation {

/// A message is what its archive() names, one after the other: numbers in little-endian order, lengths before
/// what is of any length. archive() serves both directions, so that they cannot differ.
class WireWriter {
  public:
    static constexpr bool kReads = false;

    template <class... Ts>
    void operator()(Ts&... values) {
        (put(values), ...);
    }
    Bytes take() { return std::move(out_); }

  private:
    template <class T>
    void put(T& value) {
        if constexpr (std::is_same_v<T, bool>) {
            append_le(out_, static_cast<std::uint8_t>(value));
        } else if constexpr (std::is_enum_v<T>) {
            append_le(out_, static_cast<std::uint32_t>(value));
        } else if constexpr (std::is_integral_v<T>) {
            append_le(out_, static_cast<std::make_unsigned_t<T>>(value));
        } else {
            archive(*this, value);
        }
    }
    void put(std::string& text) {
        append_le(out_, static_cast<std::uint32_t>(text.size()));
        out_.append(text);
    }
    template <class T>
    void put(std::vector<T>& values) {
        append_le(out_, static_cast<std::uint32_t>(values.size()));
        for (T& value : values) {
            put(value);
        }
    }
    template <class T>
    void put(std::optional<T>& value) {
        append_le(out_, static_cast<std::uint8_t>(value.has_value()));
        if (value) {
            put(*value);
        }
    }

    Bytes out_;
};

/// Never reads beyond the message, and makes nothing longer than it.
class WireReader {
  public:
    static constexpr bool kReads = true;

    explicit WireReader(ByteView bytes) : rest_(bytes) {}

    template <class... Ts>
    void operator()(Ts&... values) {
        (get(values), ...);
    }
    /// Whether the message is this value, and all of it is there.
    template <class T>
    bool read(T& value) {
        (*this)(value);
        return is_complete();
    }
    /// What was read makes no sense.
    void fail() {
        failed_ = true;
        rest_ = {};
    }

  private:
    bool is_complete() const { return !failed_ && rest_.empty(); }
    template <class T>
    T number() {
        if (rest_.size() < sizeof(T)) {
            fail();
            return 0;
        }
        const T value = load_le<T>(rest_);
        rest_.remove_prefix(sizeof(T));
        return value;
    }
    template <class T>
    void get(T& value) {
        if constexpr (std::is_same_v<T, bool>) {
            value = number<std::uint8_t>() != 0;
        } else if constexpr (std::is_enum_v<T>) {
            value = static_cast<T>(number<std::uint32_t>());
        } else if constexpr (std::is_integral_v<T>) {
            value = static_cast<T>(number<std::make_unsigned_t<T>>());
        } else {
            archive(*this, value);
        }
    }
    void get(std::string& text) {
        const auto size = number<std::uint32_t>();
        if (size > rest_.size()) {
            fail();
        }
        text.assign(rest_.substr(0, failed_ ? 0 : size));
        rest_.remove_prefix(text.size());
    }
    template <class T>
    void get(std::vector<T>& values) {
        const auto size = number<std::uint32_t>();
        values.clear();
        for (std::uint32_t i = 0; i < size && !failed_; ++i) {
            get(values.emplace_back());
        }
    }
    template <class T>
    void get(std::optional<T>& value) {
        value.reset();
        if (number<std::uint8_t>() != 0) {
            get(value.emplace());
        }
    }

    ByteView rest_;
    bool failed_ = false;
};

}  // namespace sslsniff::separation
