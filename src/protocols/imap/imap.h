#pragma once

#include <memory>
#include <span>

#include "protocols/protocol.h"

namespace sslsniff {

/// IMAP4rev1 and IMAP4rev2 (RFC 3501, RFC 9051), with literals of any kind (RFC 7888), IDLE (RFC 2177) and
/// STARTTLS. What follows COMPRESS (RFC 4978) is not read.
std::unique_ptr<Detector> detect_imap();
bool may_begin_imap(ByteView message, const ConnectionInfo& connection);
std::unique_ptr<ProtocolParser> create_imap(ParserHost& host, const ParserLimits& limits);
std::span<const FieldSpec> imap_fields();
const DissectorTraits& imap_dissector();

}  // namespace sslsniff
