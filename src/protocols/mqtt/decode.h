#pragma once

#include <cstdint>
#include <string>

#include "protocols/described/recorded_fields.h"
#include "protocols/framed/framing.h"
#include "protocols/mqtt/packet.h"
#include "protocols/mqtt/topic_aliases.h"

namespace sslsniff::mqtt {

/// What a packet's meaning depends on.
struct DecodeContext {
    Version version = Version::unknown;
    TopicAliases& aliases;  ///< of the packet's sender
    std::size_t max_body = 0;
    bool show_secrets = false;
};

/// A packet as it is shown, and what pairing needs of it.
struct Decoded {
    std::string line;             ///< of a Summary
    std::uint16_t packet_id = 0;  ///< 0: it has none
    std::uint8_t code = 0;        ///< of an answer or DISCONNECT; of many the worst
    unsigned level = 0;           ///< of CONNECT: 3, 4 (3.1.1), 5
    std::string target;           ///< topic, or first filter
    std::uint64_t payload_size = 0;
    bool good = true;            ///< all of it makes sense
    bool needs_version = false;  ///< its form depends on the version
    bool topic_unknown = false;  ///< it is an alias of what passed unseen
};

/// Writes what the packet has into `fields`. Of a packet that was cut off, what there is.
Decoded decode(const FixedHeader& header, const framed::Message& message, const DecodeContext& context,
               RecordedFields& fields);

}  // namespace sslsniff::mqtt
