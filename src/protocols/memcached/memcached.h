#pragma once

#include <memory>

#include "protocols/protocol.h"

/// The row of the table of protocols (protocols/registry.cpp).
namespace sslsniff {

std::unique_ptr<Detector> detect_memcached();
bool may_begin_memcached(ByteView message, const ConnectionInfo& connection);
std::unique_ptr<ProtocolParser> create_memcached(ParserHost& host, const ParserLimits& limits);
std::span<const FieldSpec> memcached_fields();
const DissectorTraits& memcached_dissector();

}  // namespace sslsniff
