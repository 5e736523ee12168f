#pragma once

#include <memory>

#include "protocols/http/http_application.h"
#include "protocols/stream_message.h"

namespace sslsniff {

/// gRPC and gRPC-Web: a request or response of type application/grpc*. The exchange tells service, method,
/// counts and status; in a streaming call each message is emitted, too, as soon as it is clear that the call
/// streams: by the schema, or by a second message in its direction, or by one of the other side before this
/// one ended. Null when `exchange` is something else.
std::unique_ptr<HttpApplication> create_grpc_call(const HttpExchange& exchange, MessageOrigin origin,
                                                  ParserHost& host, const ParserLimits& limits);
std::span<const FieldSpec> grpc_fields();

}  // namespace sslsniff
