#pragma once

#include <memory>

#include "protocols/protocol.h"

/// The row of the table of protocols (protocols/registry.cpp).
namespace sslsniff {

std::unique_ptr<Detector> detect_mysql();
bool may_begin_mysql(ByteView message, const ConnectionInfo& connection);
std::unique_ptr<ProtocolParser> create_mysql(ParserHost& host, const ParserLimits& limits);
std::span<const FieldSpec> mysql_fields();
const DissectorTraits& mysql_dissector();

}  // namespace sslsniff
