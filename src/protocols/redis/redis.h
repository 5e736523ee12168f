#pragma once

#include <memory>

#include "protocols/protocol.h"

/// The row of the table of protocols (protocols/registry.cpp).
namespace sslsniff {

std::unique_ptr<Detector> detect_redis();
bool may_begin_redis(ByteView message, const ConnectionInfo& connection);
std::unique_ptr<ProtocolParser> create_redis(ParserHost& host, const ParserLimits& limits);
std::span<const FieldSpec> redis_fields();
const DissectorTraits& redis_dissector();

}  // namespace sslsniff
