#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "model/exchange.h"

namespace sslsniff {

/// Fields as they were written, to be written again: what parsers fill that have many kinds of messages and
/// no other use for their contents. Bounded: beyond `max_bytes` of values, fields are left out and counted.
class RecordedFields final : public FieldWriter {
  public:
    explicit RecordedFields(std::size_t max_bytes = kMostBytes) : max_bytes_(max_bytes) {}
    static constexpr std::size_t kMostBytes = std::size_t{64} * 1024;

    void begin_object(std::string_view key) override { add(Kind::object, key, {}); }
    void end_object() override { end(); }
    void begin_array(std::string_view key) override { add(Kind::array, key, {}); }
    void end_array() override { end(); }
    void text(std::string_view key, ByteView bytes) override;
    void number(std::string_view key, std::int64_t value) override { add(Kind::integer, key, value); }
    void number(std::string_view key, double value) override { add(Kind::real, key, value); }
    void boolean(std::string_view key, bool value) override { add(Kind::boolean, key, value); }
    void null(std::string_view key) override { add(Kind::null, key, {}); }
    void body(std::string_view key, const Body& body) override;
    using FieldWriter::number;

    bool empty() const { return items_.empty(); }
    /// How many fields were left out.
    std::uint64_t left_out() const { return left_out_; }
    void write(FieldWriter& writer) const;
    /// A line for each value, "partitions.offset: 5"; bodies as bodies.
    void write_details(DetailWriter& writer, char marker) const;
    /// Bytes of memory outside of itself.
    std::size_t held() const;

  private:
    enum class Kind : std::uint8_t { object, array, end, text, integer, real, boolean, null, body };
    using Value = std::variant<std::monostate, std::int64_t, double, bool, std::string, Body>;
    struct Item {
        Kind kind;
        std::string key;
        Value value;
    };
    void add(Kind kind, std::string_view key, Value value);
    void end();

    std::size_t max_bytes_;
    std::size_t bytes_ = 0;
    std::uint64_t left_out_ = 0;
    unsigned skipped_ = 0;  ///< objects and arrays that were left out and are open
    std::vector<Item> items_;
};

}  // namespace sslsniff
