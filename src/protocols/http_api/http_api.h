#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "model/exchange.h"
#include "model/field_spec.h"
#include "model/time.h"
#include "protocols/http/http_application.h"

namespace sslsniff {

class HttpExchange;
struct HttpRequest;

/// What an HTTP exchange says in the terms of an API that is reached through HTTP: a JSON-RPC method, a
/// GraphQL operation, an object of S3. Its request and response stay what they are; this adds to them.
class HttpApi {
  public:
    HttpApi() = default;
    HttpApi(const HttpApi&) = delete;
    HttpApi& operator=(const HttpApi&) = delete;
    virtual ~HttpApi() = default;

    /// The request is over. `body`: as far as it is kept, without its content codings. False when the
    /// exchange is not of this API; it is not asked again.
    virtual bool on_request(ByteView body, Timestamp time) = 0;
    /// The response is over, likewise.
    virtual void on_response(ByteView /*body*/) {}
    /// The response is a stream of server-sent events, and this is one of them.
    virtual void on_event(ByteView /*data*/, Timestamp /*time*/) {}

    /// May change what HttpExchange::summary() says.
    virtual void describe(const HttpExchange& exchange, Summary& summary) const = 0;
    /// May change what HttpExchange::facts() says.
    virtual void add_facts(const HttpExchange& exchange, Facts& facts) const = 0;
    /// Adds one object to the exchange's fields.
    virtual void write_fields(const HttpExchange& exchange, FieldWriter& writer) const = 0;
    /// Bytes of memory that it needs by now, itself included.
    virtual std::size_t held() const = 0;
};

/// One row of the table of APIs (http_api.cpp).
struct HttpApiRow {
    /// Null when the header section of the request rules it out.
    std::unique_ptr<HttpApi> (*create)(const HttpRequest& request);
    std::span<const FieldSpec> (*fields)();
};
std::span<const HttpApiRow> http_apis();

/// Finds the API of an exchange whose request was seen, and the events of its response. Null when no API
/// fits.
std::unique_ptr<HttpApplication> create_api_call(const HttpExchange& exchange, MessageOrigin origin,
                                                 ParserHost& host, const ParserLimits& limits);
/// Of all of them.
std::span<const FieldSpec> http_api_fields();

}  // namespace sslsniff
