#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/exchange.h"
#include "protocols/byte_reader.h"

/// Hessian 2.0 (http://hessian.caucho.com/doc/hessian-serialization.html), as Dubbo writes it.
namespace sslsniff::dubbo {

/// Reads values one behind the other; what one defines (classes, types), later ones refer to. Bounded: values
/// beyond some thousand, and deep ones, are left out.
class HessianReader {
  public:
    /// `bytes` may be the first of a message only.
    explicit HessianReader(ByteView bytes) : reader_(bytes) {}

    bool good() const { return reader_.good(); }
    std::size_t left() const { return reader_.left(); }

    /// The next value, which must be a string; nothing when it is null or none.
    std::optional<std::string> string();
    /// The next value, which must be an integer; 0 when it is none.
    std::int32_t integer();

    /// What is known of a value that was written.
    struct Seen {
        std::string text;        ///< of a string, number or boolean: itself, a part of it
        std::string class_name;  ///< of an object
        std::string message;     ///< of an object: its field "detailMessage" (java.lang.Throwable)
    };
    /// Writes the next value: maps and objects as objects by their keys, an object's class as "class".
    Seen write(std::string_view key, FieldWriter& writer);
    /// Writes the next value, a map, as an array of {name, value}; values of `secret` as ***. Returns whether
    /// there were any of these.
    bool write_pairs(std::string_view key, FieldWriter& writer, std::string_view secret);

  private:
    struct Class {
        std::string name;
        std::vector<std::string> fields;
    };
    struct Context {
        FieldWriter& writer;
        unsigned depth = 0;
        Seen* seen = nullptr;  ///< of the value at the top
    };

    void value(std::string_view key, const Context& context);
    void value_of(std::uint8_t tag, std::string_view key, const Context& context);
    void number(std::string_view key, std::int64_t value, const Context& context);
    void real(std::string_view key, double value, const Context& context);
    void list(std::string_view key, std::optional<std::uint32_t> size, const Context& context);
    void map(std::string_view key, const Context& context);
    void object(std::string_view key, std::uint32_t definition, const Context& context);
    void define_class();
    std::string type();
    std::optional<std::string> string_of(std::uint8_t tag);
    std::string characters(std::size_t count);
    std::uint64_t skip_binary(std::uint8_t tag);
    std::optional<std::int32_t> integer_of(std::uint8_t tag);
    std::string key_text();
    bool is_too_much(const Context& context);

    ByteReader reader_;
    std::vector<Class> classes_;
    std::vector<std::string> types_;
    std::size_t values_ = 0;
};

}  // namespace sslsniff::dubbo
