#pragma once

#include <memory>

#include "protocols/protocol.h"

/// The row of the table of protocols (protocols/registry.cpp).
namespace sslsniff {

std::unique_ptr<Detector> detect_mqtt();
bool may_begin_mqtt(ByteView message, const ConnectionInfo& connection);
std::unique_ptr<ProtocolParser> create_mqtt(ParserHost& host, const ParserLimits& limits);
std::span<const FieldSpec> mqtt_fields();
const DissectorTraits& mqtt_dissector();

}  // namespace sslsniff
