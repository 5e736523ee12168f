#pragma once

#include <memory>

#include "protocols/http/http_application.h"
#include "protocols/protocol.h"
#include "protocols/stream_message.h"

namespace sslsniff {

struct HttpSwitch;

/// A WebSocket inside an HTTP/2 stream (RFC 8441). Null when `exchange` is something else.
std::unique_ptr<HttpApplication> create_websocket_stream(const HttpExchange& exchange, MessageOrigin origin,
                                                         ParserHost& host, const ParserLimits& limits);

/// A connection that HTTP/1.1's Upgrade turned into a WebSocket (RFC 6455). See HttpUpgrade::create.
std::unique_ptr<ProtocolParser> create_websocket_upgraded(ParserHost& host, const ParserLimits& limits,
                                                          const HttpSwitch& turn);

}  // namespace sslsniff
