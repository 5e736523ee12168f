#pragma once

#include "base/bytes.h"
#include "protocols/dns/message.h"
#include "protocols/protocol.h"

namespace sslsniff::dns {

/// Where a message passes: on a port of DNS less proof is asked of it.
enum class Place : std::uint8_t { elsewhere, dns_port, multicast };
Place place_of(const Endpoints& endpoints);

/// Whether the first twelve bytes can be the header of a message of `size` bytes.
bool plausible_header(ByteView header, std::size_t size, Place place = Place::elsewhere);

/// Whether a decoded message is DNS beyond doubt: all of it well-formed, one question, known codes. Multicast
/// DNS may have any number of questions. NetBIOS names, which share the format, are refused. On a port of DNS
/// codes may be unknown, bits odd, and what follows the question malformed.
bool plausible_message(const Message& message, Place place);

/// Whether this is a socket of multicast DNS (RFC 6762: UDP port 5353 at one end).
bool is_multicast(const Endpoints& endpoints);

}  // namespace sslsniff::dns
