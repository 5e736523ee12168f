#include "fuzz/parser_script.h"
#include "protocols/http/http_upgrade.h"
#include "protocols/websocket/websocket_stream.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const sslsniff::ByteView input(reinterpret_cast<const char*>(data), size);
    const auto create = [](sslsniff::ParserHost& host, const sslsniff::ParserLimits& limits) {
        sslsniff::HttpResponse response;
        response.headers.add("Sec-WebSocket-Extensions", "permessage-deflate; client_no_context_takeover");
        return sslsniff::create_websocket_upgraded(host, limits, {sslsniff::HttpRequest(), response, {}});
    };
    sslsniff::test::run_script(create, sslsniff::Transport::tcp, input);
    return 0;
}
