#pragma once

#include <memory>

#include "protocols/protocol.h"

/// The row of the table of protocols (protocols/registry.cpp). Wireshark (4.4) knows no NATS.
namespace sslsniff {

std::unique_ptr<Detector> detect_nats();
bool may_begin_nats(ByteView message, const ConnectionInfo& connection);
std::unique_ptr<ProtocolParser> create_nats(ParserHost& host, const ParserLimits& limits);
std::span<const FieldSpec> nats_fields();

}  // namespace sslsniff
