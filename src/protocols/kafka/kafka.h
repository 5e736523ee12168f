#pragma once

#include <memory>

#include "protocols/protocol.h"

/// The row of the table of protocols (protocols/registry.cpp).
namespace sslsniff {

std::unique_ptr<Detector> detect_kafka();
bool may_begin_kafka(ByteView message, const ConnectionInfo& connection);
std::unique_ptr<ProtocolParser> create_kafka(ParserHost& host, const ParserLimits& limits);
std::span<const FieldSpec> kafka_fields();
const DissectorTraits& kafka_dissector();

}  // namespace sslsniff
