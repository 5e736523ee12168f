#pragma once

#include "base/bytes.h"
#include "protocols/dns/message.h"
#include "protocols/protocol.h"

namespace sslsniff::dns {

/// Whether the first twelve octets can be the header of a message of `size` octets.
bool plausible_header(ByteView header, std::size_t size);

/// Whether a decoded message is DNS beyond doubt: all of it well-formed, one question, known codes. Multicast
/// DNS may have any number of questions. NetBIOS names, which share the format, are refused.
bool plausible_message(const Message& message, bool multicast);

/// Whether this is a socket of multicast DNS (RFC 6762: UDP port 5353 at one end).
bool is_multicast(const Endpoints& endpoints);

}  // namespace sslsniff::dns
