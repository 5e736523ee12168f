#pragma once

#include <optional>
#include <vector>

#include "model/exchange.h"
#include "protocols/amqp/method.h"
#include "protocols/byte_reader.h"

namespace sslsniff::amqp {

/// shortstr: bytes behind their length in one byte (section 4.2.5.3).
ByteView read_short_string(ByteReader& reader);
/// longstr: in four bytes.
ByteView read_long_string(ByteReader& reader);

/// Writes a table (section 4.2.5.5, with the types that RabbitMQ uses:
/// https://www.rabbitmq.com/amqp-0-9-1-errata), given without its length, as an array `key` of {name, value};
/// tables in it are arrays as well. Deep ones and long ones in part. False when it makes no sense.
bool write_table(ByteView table, std::string_view key, FieldWriter& writer);
/// The text of that name at the top of a table, if there is one.
std::optional<ByteView> text_in_table(ByteView table, std::string_view name);

/// What a method says.
class Arguments {
  public:
    /// Reads all of them; good() is false when they are cut off.
    Arguments(const Method& method, ByteReader& reader);

    bool good() const { return good_; }
    /// Writes them; secrets only with `show_secrets`. Returns whether there were any that were not.
    bool write(FieldWriter& writer, bool show_secrets) const;
    /// By their names in JSON; 0 or empty when there is none.
    std::uint64_t number(std::string_view name) const;
    ByteView text(std::string_view name) const;  ///< of a table the bytes
    bool is_set(std::string_view name) const { return number(name) != 0; }

  private:
    struct Value {
        const Argument* argument;
        std::uint64_t number;
        ByteView text;
    };
    const Value* find(std::string_view name) const;

    std::vector<Value> values_;
    bool good_;
};

}  // namespace sslsniff::amqp
