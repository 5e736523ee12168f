#pragma once

#include <memory>

#include "protocols/protocol.h"

/// The row of the table of protocols (protocols/registry.cpp).
namespace sslsniff {

std::unique_ptr<Detector> detect_postgresql();
bool may_begin_postgresql(ByteView message, const ConnectionInfo& connection);
std::unique_ptr<ProtocolParser> create_postgresql(ParserHost& host, const ParserLimits& limits);
std::span<const FieldSpec> postgresql_fields();
const DissectorTraits& postgresql_dissector();

}  // namespace sslsniff
