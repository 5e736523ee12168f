#pragma once

#include <memory>

#include "protocols/http/http_application.h"
#include "protocols/stream_message.h"

namespace sslsniff {

/// Told of each whole event as it ends.
class SseListener {
  public:
    virtual ~SseListener() = default;
    /// `data`: as far as it is kept.
    virtual void on_event(std::string_view type, ByteView data, Timestamp time) = 0;
};

/// Server-sent events (WHATWG HTML section 9.2): a response of type text/event-stream. Each event is emitted
/// as it ends. Null when `exchange` is something else.
std::unique_ptr<HttpApplication> create_sse_stream(const HttpExchange& exchange, MessageOrigin origin,
                                                   ParserHost& host, const ParserLimits& limits);
/// The same. `listener` may be null, else it outlives what is returned.
std::unique_ptr<HttpApplication> create_sse_stream(const HttpExchange& exchange, MessageOrigin origin,
                                                   ParserHost& host, const ParserLimits& limits,
                                                   SseListener* listener);

}  // namespace sslsniff
