#pragma once

#include <memory>

#include "protocols/protocol.h"

/// The row of the table of protocols (protocols/registry.cpp).
namespace sslsniff {

Verdict detect_dns(const Evidence& evidence);
std::unique_ptr<ProtocolParser> create_dns(ParserHost& host, const ParserLimits& limits);

}  // namespace sslsniff
