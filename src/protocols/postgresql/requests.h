#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "protocols/postgresql/message.h"
#include "protocols/postgresql/types.h"
#include "protocols/sql/exchange.h"

/// What the messages of a client hold. Bodies may be cut: then what is there is read.
namespace sslsniff::postgresql {

/// StartupMessage: what it asks for, as attributes. `body` begins with the code.
void read_startup(ByteView body, sql::SqlExchange::Request& request);

struct Parse {
    ByteView name;
    ByteView statement;
    std::vector<std::uint32_t> types;
};
Parse read_parse(ByteView body);

/// A value of Bind, before its type is known.
struct RawValue {
    bool null = false;
    bool cut = false;  ///< the message ended early: it is not known
    Format format = Format::text;
    Bytes bytes;             ///< the first of them
    std::uint64_t size = 0;  ///< of all
};
struct Bind {
    ByteView portal;
    ByteView statement;
    std::vector<RawValue> values;
    std::uint16_t value_count = 0;
    /// Of the columns of its rows; nothing when the message ended before them.
    std::optional<std::vector<std::uint16_t>> formats;
};
/// Keeps `max` bytes of values in all.
Bind read_bind(ByteView body, std::size_t max);

/// Of a Describe or a Close: 'S' and 'P', and the name; Execute's portal has just a name.
struct Named {
    char what = 0;
    ByteView name;
};
Named read_named(ByteView body);

}  // namespace sslsniff::postgresql
