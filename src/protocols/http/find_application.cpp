// Which application speaks inside an HTTP exchange: one function for each, the first that fits.

#include <array>

#include "protocols/grpc/grpc_call.h"
#include "protocols/http/http_exchange.h"
#include "protocols/protocol.h"
#include "protocols/sse/sse_stream.h"
#include "protocols/websocket/websocket_stream.h"

namespace sslsniff {

void find_application(HttpExchange& exchange, std::uint32_t stream, ParserHost& host,
                      const ParserLimits& limits) {
    if (limits.bodies != nullptr && exchange.request) {
        exchange.request->save_body(*limits.bodies);
    }
    if (limits.bodies != nullptr && exchange.response) {
        exchange.response->save_body(*limits.bodies);
    }
    using Create = std::unique_ptr<HttpApplication> (*)(const HttpExchange&, MessageOrigin, ParserHost&,
                                                        const ParserLimits&);
    static constexpr std::array<Create, 3> kApplications = {create_grpc_call, create_websocket_stream,
                                                            create_sse_stream};
    for (const Create create : kApplications) {
        if (exchange.application) {
            break;
        }
        const std::string url = exchange.request ? exchange.request->url : std::string();
        exchange.application = create(exchange, {.url = url, .stream = stream}, host, limits);
    }
    if (!exchange.application) {
        return;
    }
    if (const std::string_view protocol = exchange.application->protocol(); !protocol.empty()) {
        exchange.set_protocol(std::string(protocol));
    }
    exchange.application->on_head(exchange);
    if (exchange.request) {
        exchange.request->application = exchange.application.get();
    }
    if (exchange.response) {
        exchange.response->application = exchange.application.get();
    }
}

}  // namespace sslsniff
