#pragma once

#include <memory>

#include "protocols/protocol.h"

/// The row of the table of protocols (protocols/registry.cpp).
namespace sslsniff {

std::unique_ptr<Detector> detect_amqp();
bool may_begin_amqp(ByteView message, const ConnectionInfo& connection);
std::unique_ptr<ProtocolParser> create_amqp(ParserHost& host, const ParserLimits& limits);
std::span<const FieldSpec> amqp_fields();
const DissectorTraits& amqp_dissector();

}  // namespace sslsniff
