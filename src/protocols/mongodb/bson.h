#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "model/exchange.h"

/// BSON 1.1 (https://bsonspec.org/spec.html).
namespace sslsniff::mongodb {

enum class BsonType : std::uint8_t {
    real = 0x01,
    string = 0x02,
    document = 0x03,
    array = 0x04,
    binary = 0x05,
    undefined = 0x06,
    object_id = 0x07,
    boolean = 0x08,
    date = 0x09,
    null = 0x0A,
    regex = 0x0B,
    db_pointer = 0x0C,
    code = 0x0D,
    symbol = 0x0E,
    code_with_scope = 0x0F,
    int32 = 0x10,
    timestamp = 0x11,
    int64 = 0x12,
    decimal128 = 0x13,
    min_key = 0xFF,
    max_key = 0x7F,
};

/// One element of a document. Views point into it.
struct BsonElement {
    BsonType type = BsonType::null;
    ByteView name;
    ByteView value;  ///< its encoding; of strings and documents, all of it, the size included

    /// Of strings, symbols and code, without size and zero byte.
    std::optional<ByteView> text() const;
    /// Of any numeric type but decimals, and of booleans.
    std::optional<double> number() const;
    std::optional<std::int64_t> integer() const;
};

/// The elements of a document from its first byte on. What is cut off or makes no sense ends it.
class BsonReader {
  public:
    /// `bytes` may be the first of a document only.
    explicit BsonReader(ByteView bytes);
    /// Nothing at the end, also a premature one.
    std::optional<BsonElement> next();
    /// It came to the end, and everything made sense.
    bool is_whole() const { return is_whole_; }
    /// It ended because bytes are not there; false: because they make no sense.
    bool is_cut() const { return is_cut_; }

  private:
    std::optional<std::size_t> value_size(BsonType type, ByteView rest);

    ByteView rest_;
    bool may_be_cut_ = false;  ///< not all of the document is there
    bool is_whole_ = false;
    bool is_cut_ = false;
};

/// Bytes that the document that begins here says it has; nothing when that cannot be.
std::optional<std::size_t> bson_size(ByteView bytes);

/// The first element of that name; nothing when there is none.
std::optional<BsonElement> find_element(ByteView document, std::string_view name);

struct BsonLimits {
    std::size_t max_elements = 1000;  ///< of each document that is written, nested ones included
    std::size_t max_text = 4096;      ///< bytes of each string
    unsigned max_depth = 32;          ///< MongoDB itself refuses more than 100
    /// Whether a value is replaced by "***"; may be empty.
    std::function<bool(std::string_view name)> is_secret{};
};

/// Writes a document as MongoDB Extended JSON v2, relaxed. What is left out because of the limits is told by
/// an element "…".
void write_document(FieldWriter& writer, std::string_view key, ByteView document, const BsonLimits& limits);

/// A value for a line: "5", "\"abc\"", "{…}".
std::string short_value(const BsonElement& element);

}  // namespace sslsniff::mongodb
