#pragma once

#include <memory>

#include "protocols/protocol.h"

/// The row of the table of protocols (protocols/registry.cpp).
namespace sslsniff {

std::unique_ptr<Detector> detect_dns();
bool may_begin_dns(ByteView message, const ConnectionInfo& connection);
std::unique_ptr<ProtocolParser> create_dns(ParserHost& host, const ParserLimits& limits);
std::span<const FieldSpec> dns_fields();
const DissectorTraits& dns_dissector();

}  // namespace sslsniff
