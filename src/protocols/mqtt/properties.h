#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "model/exchange.h"
#include "protocols/byte_reader.h"

namespace sslsniff::mqtt {

/// Takes the properties of an MQTT 5 packet (section 2.2.2), their length in front. False when that is none.
bool skip_properties(ByteReader& reader);

/// What the meaning of a packet depends on.
struct Properties {
    bool good = true;                          ///< they could be read to their end
    bool secret_hidden = false;                ///< authentication data was overwritten
    std::optional<std::uint16_t> topic_alias;  ///< of PUBLISH
    ByteView content_type;
    ByteView reason_string;
};

/// Takes the properties and writes them as an object `key`, if there are any.
Properties write_properties(ByteReader& reader, std::string_view key, FieldWriter& writer, bool show_secrets);

}  // namespace sslsniff::mqtt
