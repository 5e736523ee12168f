#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/exchange.h"

namespace sslsniff {

/// Fields as they were written, to be written again: what parsers fill that have many kinds of messages and
/// no other use for their contents. Bounded: beyond `max_bytes`, fields are left out and counted. A field
/// counts as its name, its text and kFieldCost.
class RecordedFields final : public FieldWriter {
  public:
    explicit RecordedFields(std::size_t max_bytes = kMostBytes) : max_bytes_(max_bytes) {}
    static constexpr std::size_t kMostBytes = std::size_t{64} * 1024;
    static constexpr std::size_t kFieldCost = 208;  ///< some 300 fields are as much as anybody reads

    void begin_object(std::string_view key) override { open(Kind::object, key); }
    void end_object() override { end(); }
    void begin_array(std::string_view key) override { open(Kind::array, key); }
    void end_array() override { end(); }
    void text(std::string_view key, ByteView bytes) override;
    void number(std::string_view key, std::int64_t value) override { add(Kind::integer, key, value); }
    void number(std::string_view key, double value) override { add(Kind::real, key, value); }
    void boolean(std::string_view key, bool value) override { add(Kind::boolean, key, value); }
    void null(std::string_view key) override { begin(Kind::null, key); }
    void body(std::string_view key, const Body& body) override;
    using FieldWriter::number;

    bool empty() const { return log_.empty(); }
    /// False: with `max_bytes` of 0 nothing is recorded, so nothing need be written.
    bool records() const { return max_bytes_ > 0; }
    /// How many fields were left out.
    std::uint64_t left_out() const { return left_out_; }
    void write(FieldWriter& writer) const;
    /// Adds all fields of `other` behind those that are here, whatever the limit: both are bounded already.
    void append(RecordedFields other);
    /// A line for each value, "partitions.offset: 5"; bodies as bodies.
    void write_details(DetailWriter& writer, char marker) const;
    /// Bytes of memory outside of itself.
    std::size_t held() const;

  private:
    enum class Kind : std::uint8_t { object, array, end, text, integer, real, boolean, null, body };
    class Reader;
    /// The beginning of a field; false when it is left out.
    bool begin(Kind kind, std::string_view key, std::size_t text_size = 0);
    void open(Kind kind, std::string_view key);
    void end();
    template <class Value>
    void add(Kind kind, std::string_view key, Value value) {
        if (begin(kind, key)) {
            put(&value, sizeof(value));
        }
    }
    void put(const void* bytes, std::size_t size) { log_.append(static_cast<const char*>(bytes), size); }
    void put_text(std::string_view text);

    std::size_t max_bytes_;
    std::size_t bytes_ = 0;
    std::uint64_t left_out_ = 0;
    unsigned skipped_ = 0;  ///< objects and arrays that were left out and are open
    /// One field behind the other, as an item of a vector each takes ten times as long: its kind, the size of
    /// its key, the key, the value. Texts have their size before them.
    std::string log_;
    std::vector<Body> bodies_;  ///< of the fields that are bodies, in order
};

}  // namespace sslsniff
