#pragma once

#include <memory>

#include "protocols/protocol.h"

/// The row of the table of protocols (protocols/registry.cpp).
namespace sslsniff {

std::unique_ptr<Detector> detect_cql();
bool may_begin_cql(ByteView message, const ConnectionInfo& connection);
std::unique_ptr<ProtocolParser> create_cql(ParserHost& host, const ParserLimits& limits);
std::span<const FieldSpec> cql_fields();
const DissectorTraits& cql_dissector();

}  // namespace sslsniff
