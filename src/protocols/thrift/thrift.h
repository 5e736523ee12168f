#pragma once

#include <memory>

#include "protocols/protocol.h"

/// The row of the table of protocols (protocols/registry.cpp). Wireshark finds Thrift by its form.
namespace sslsniff {

std::unique_ptr<Detector> detect_thrift();
bool may_begin_thrift(ByteView message, const ConnectionInfo& connection);
std::unique_ptr<ProtocolParser> create_thrift(ParserHost& host, const ParserLimits& limits);
std::span<const FieldSpec> thrift_fields();
const DissectorTraits& thrift_dissector();

}  // namespace sslsniff
