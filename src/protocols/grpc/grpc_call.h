#pragma once

#include <memory>

#include "protocols/http/http_application.h"
#include "protocols/http/stream_message.h"

namespace sslsniff {

/// gRPC and gRPC-Web: a request or response of type application/grpc*. The exchange tells service, method,
/// counts and status; in a streaming call each message is emitted, too, as soon as a second one in its
/// direction shows that the call streams. Null when `exchange` is something else.
std::unique_ptr<HttpApplication> create_grpc_call(const HttpExchange& exchange, MessageOrigin origin,
                                                  ParserHost& host, const ParserLimits& limits);

}  // namespace sslsniff
