#pragma once

#include <memory>

#include "protocols/protocol.h"

/// The row of the table of protocols (protocols/registry.cpp).
namespace sslsniff {

std::unique_ptr<Detector> detect_http1();
bool may_begin_http1(ByteView message, const ConnectionInfo& connection);
std::unique_ptr<ProtocolParser> create_http1(ParserHost& host, const ParserLimits& limits);
const DissectorTraits& http1_dissector();

}  // namespace sslsniff
