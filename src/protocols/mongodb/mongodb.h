#pragma once

#include <memory>

#include "protocols/protocol.h"

/// The row of the table of protocols (protocols/registry.cpp).
namespace sslsniff {

std::unique_ptr<Detector> detect_mongodb();
bool may_begin_mongodb(ByteView message, const ConnectionInfo& connection);
std::unique_ptr<ProtocolParser> create_mongodb(ParserHost& host, const ParserLimits& limits);
std::span<const FieldSpec> mongodb_fields();
const DissectorTraits& mongodb_dissector();

}  // namespace sslsniff
