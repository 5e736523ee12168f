#pragma once

#include <memory>

#include "protocols/http/http_application.h"
#include "protocols/stream_message.h"

namespace sslsniff {

/// Server-sent events (WHATWG HTML section 9.2): a response of type text/event-stream. Each event is emitted
/// as it ends. Null when `exchange` is something else.
std::unique_ptr<HttpApplication> create_sse_stream(const HttpExchange& exchange, MessageOrigin origin,
                                                   ParserHost& host, const ParserLimits& limits);

}  // namespace sslsniff
