#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace sslsniff {

/// Attributes of a span, in the order in which they came, as the fields of its message that they will be.
/// Texts may be hostile bytes: the encoding makes them UTF-8, and cuts them. Names are those of tables: they
/// live as long as the program.
class SpanAttributes {
  public:
    void add(std::string_view name, ByteView text);
    void add(std::string_view name, std::int64_t number);
    void add(std::string_view name, double number);
    /// Not what could become one: a text, a pointer.
    void add(std::string_view name, std::same_as<bool> auto truth) { add_truth(name, truth); }
    void add(std::string_view name, const std::vector<Bytes>& texts);
    /// Unless it is empty.
    void add_known(std::string_view name, ByteView text) {
        if (!text.empty()) {
            add(name, text);
        }
    }

    bool has(std::string_view name) const;
    /// Fields `attributes` of a message Span (opentelemetry-proto 1.5, trace.proto).
    ByteView encoded() const { return encoded_; }

  private:
    void add_truth(std::string_view name, bool truth);

    Bytes encoded_;
    std::vector<std::string_view> names_;
};

}  // namespace sslsniff
