#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "protocols/http/http_exchange.h"
#include "protocols/protocol.h"

namespace sslsniff {

/// The exchange after which the connection speaks another protocol. Valid during the call only.
struct HttpSwitch {
    const HttpRequest& request;  ///< empty when it was not seen
    const HttpResponse& response;
    Timestamp start;  ///< of the exchange
};

/// One row of the table of protocols that HTTP/1.1 connections can turn into (protocols/registry.cpp): RFC
/// 9110 section 7.8.
struct HttpUpgrade {
    std::string_view token;  ///< of the response's Upgrade field: "websocket", "h2c"; case-insensitive
    std::unique_ptr<ProtocolParser> (*create)(ParserHost&, const ParserLimits&, const HttpSwitch&);
};

std::span<const HttpUpgrade> http_upgrades();

/// The parser for what a 101 response switched to; null when nobody knows the protocol.
std::unique_ptr<ProtocolParser> create_upgraded(ParserHost& host, const ParserLimits& limits,
                                                const HttpSwitch& turn);

}  // namespace sslsniff
