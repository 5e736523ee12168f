#pragma once

#include "model/exchange.h"
#include "protocols/byte_reader.h"

namespace sslsniff::amqp {

/// Of a content header, what its meaning depends on.
struct Properties {
    bool good = true;  ///< they could be read to their end
    ByteView content_type{};
    ByteView content_encoding{};
    ByteView correlation_id{};
    ByteView reply_to{};
};

/// Takes the property flags and what they announce (sections 4.2.6.1, 1.8.2), and writes them as an object
/// "properties", if there are any.
Properties write_properties(ByteReader& reader, FieldWriter& writer);

}  // namespace sslsniff::amqp
