#pragma once

#include <memory>
#include <span>

#include "protocols/protocol.h"

namespace sslsniff {

/// SMTP (RFC 5321) with PIPELINING, CHUNKING (RFC 3030), AUTH (RFC 4954), STARTTLS (RFC 3207), and LMTP (RFC
/// 2033).
std::unique_ptr<Detector> detect_smtp();
bool may_begin_smtp(ByteView message, const ConnectionInfo& connection);
std::unique_ptr<ProtocolParser> create_smtp(ParserHost& host, const ParserLimits& limits);
std::span<const FieldSpec> smtp_fields();
const DissectorTraits& smtp_dissector();

}  // namespace sslsniff
