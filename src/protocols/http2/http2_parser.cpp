#include "protocols/http2/http2_parser.h"

#include "protocols/http2/connection.h"

namespace sslsniff {

std::unique_ptr<ProtocolParser> create_http2(ParserHost& host, const ParserLimits& limits) {
    return std::make_unique<http2::Connection>(host, limits);
}

std::unique_ptr<ProtocolParser> create_grpc(ParserHost& host, const ParserLimits& limits) {
    ParserLimits assuming = limits;
    assuming.assume_grpc = true;
    return std::make_unique<http2::Connection>(host, assuming);
}

std::unique_ptr<ProtocolParser> create_http2_upgraded(ParserHost& host, const ParserLimits& limits,
                                                      const HttpSwitch& turn) {
    auto connection = std::make_unique<http2::Connection>(host, limits);
    connection->open_upgraded(turn.request, turn.start);
    return connection;
}

}  // namespace sslsniff
