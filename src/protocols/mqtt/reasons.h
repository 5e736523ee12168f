#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/facts.h"
#include "protocols/mqtt/packet.h"

namespace sslsniff::mqtt {

/// What a code of an answer means. In version 3 only CONNACK and SUBACK have codes; anything else is as in
/// version 5.
std::string reason_name(PacketType type, Version version, std::uint8_t code);
Outcome outcome_of(PacketType type, Version version, std::uint8_t code);
/// Whether an answer may have it, in any version.
bool is_reason(PacketType type, std::uint8_t code);

}  // namespace sslsniff::mqtt
