// Which application speaks inside an HTTP exchange: the first that fits.

#include "protocols/http/http_exchange.h"
#include "protocols/protocol.h"

namespace sslsniff {

void find_application(HttpExchange& exchange, std::uint32_t stream, ParserHost& host,
                      const ParserLimits& limits) {
    if (limits.bodies != nullptr && exchange.request) {
        exchange.request->save_body(*limits.bodies);
    }
    if (limits.bodies != nullptr && exchange.response) {
        exchange.response->save_body(*limits.bodies);
    }
    for (const HttpApplicationRow& row : http_applications()) {
        if (exchange.application) {
            break;
        }
        const std::string url = exchange.request ? exchange.request->url : std::string();
        exchange.application = row.create(exchange, {.url = url, .stream = stream}, host, limits);
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
