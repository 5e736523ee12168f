#pragma once

#include <memory>

#include "protocols/protocol.h"

/// The row of the table of protocols (protocols/registry.cpp). Wireshark (4.4) knows no Dubbo.
namespace sslsniff {

std::unique_ptr<Detector> detect_dubbo();
bool may_begin_dubbo(ByteView message, const ConnectionInfo& connection);
std::unique_ptr<ProtocolParser> create_dubbo(ParserHost& host, const ParserLimits& limits);
std::span<const FieldSpec> dubbo_fields();

}  // namespace sslsniff
