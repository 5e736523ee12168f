#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "protocols/kafka/schema.h"

namespace sslsniff::kafka {

/// Told of the fields of a message in order. What they need not know of does nothing.
class FieldSink {
  public:
    FieldSink() = default;
    FieldSink(const FieldSink&) = delete;
    FieldSink& operator=(const FieldSink&) = delete;
    virtual ~FieldSink() = default;

    virtual void begin_array(const Field& /*field*/) {}
    virtual void end_array() {}
    /// A structure, or an element of an array of them.
    virtual void begin_structure(const Field& /*field*/) {}
    virtual void end_structure() {}
    virtual void on_null(const Field& /*field*/) {}
    virtual void on_number(const Field& /*field*/, std::int64_t /*value*/) {}  ///< booleans too
    virtual void on_uuid(const Field& /*field*/, ByteView /*value*/) {}        ///< 16 bytes
    /// Strings, bytes and records: `size` bytes, of which `value` are the first.
    virtual void on_bytes(const Field& /*field*/, ByteView /*value*/, std::uint64_t /*size*/) {}
};

enum class Walked : std::uint8_t {
    whole,     ///< to the last field
    cut,       ///< as far as there are bytes
    malformed  ///< no such message: as far as it made sense
};

/// The bytes of a message that are left, of which the first ones are there.
struct Remaining {
    ByteView bytes;
    std::uint64_t size = 0;
};

/// Reads the fields of one version. What is read is taken from `remaining`. Takes time in proportion to the
/// bytes that are there.
Walked walk(Fields fields, std::int16_t version, bool is_flexible, Remaining& remaining, FieldSink& sink);

/// The tagged fields behind a header, of which none is known.
Walked skip_tagged(Remaining& remaining);

}  // namespace sslsniff::kafka
