#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "model/exchange.h"
#include "model/field_spec.h"
#include "model/time.h"
#include "protocols/stream_message.h"

namespace sslsniff {

class HttpExchange;
class ParserHost;
struct ParserLimits;

/// What an HTTP exchange carries when its bodies are streams of messages: gRPC, server-sent events,
/// WebSocket. Owned by the exchange; told of the bytes of both bodies in the order they pass, so that
/// messages can be emitted while the exchange goes on, and asked for what it adds to the exchange's
/// description.
class HttpApplication {
  public:
    using Side = StreamMessage::Side;

    HttpApplication() = default;
    HttpApplication(const HttpApplication&) = delete;
    HttpApplication& operator=(const HttpApplication&) = delete;
    virtual ~HttpApplication() = default;

    /// A header section of the exchange became known.
    virtual void on_head(const HttpExchange& /*exchange*/) {}
    virtual void on_bytes(Side side, ByteView bytes, Timestamp time) = 0;
    /// `bytes` bytes are missing here, 0 when nobody knows how many.
    virtual void on_missing(Side side, std::uint64_t bytes) = 0;
    /// The body is over. `body`: what is kept of it.
    virtual void on_end(Side side, const Body& body, Timestamp time) = 0;

    /// Bytes of memory that it needs by now, itself included.
    virtual std::size_t held() const = 0;
    /// Gives up what it holds of messages that are under way, which go on. False when there was nothing to
    /// lose.
    virtual bool shed() = 0;

    /// For HttpExchange::protocol(); empty when the exchange stays what it is.
    virtual std::string_view protocol() const { return {}; }
    /// May change what HttpExchange::summary() says.
    virtual void describe(const HttpExchange& /*exchange*/, Summary& /*summary*/) const {}
    /// May change what HttpExchange::facts() says.
    virtual void add_facts(const HttpExchange& /*exchange*/, Facts& /*facts*/) const {}
    /// Adds fields to the exchange's.
    virtual void write_fields(const HttpExchange& /*exchange*/, FieldWriter& /*writer*/) const {}
    /// Shows what the body of `side` carried; false: the body is shown as it is.
    virtual bool write_body(Side /*side*/, DetailWriter& /*writer*/) const { return false; }
};

/// One row of the table of what HTTP exchanges carry (protocols/registry.cpp).
struct HttpApplicationRow {
    /// Null when `exchange` carries something else, as far as its header sections say.
    std::unique_ptr<HttpApplication> (*create)(const HttpExchange& exchange, MessageOrigin origin,
                                               ParserHost&, const ParserLimits&);
    /// What it adds to the exchange's fields; null for nothing.
    std::span<const FieldSpec> (*fields)() = nullptr;
};

std::span<const HttpApplicationRow> http_applications();

/// Gives `exchange` its application once its header sections say which, and has its bodies saved when that is
/// wanted. To be called after each header section, before its body. `stream`: in HTTP/2, else 0.
void find_application(HttpExchange& exchange, std::uint32_t stream, ParserHost& host,
                      const ParserLimits& limits);

}  // namespace sslsniff
