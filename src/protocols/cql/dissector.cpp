#include <array>

#include "protocols/cql/cql.h"

namespace sslsniff {
namespace {

constexpr std::uint16_t kPort = 9042;
constexpr std::array<std::uint16_t, 1> kPorts{kPort};
/// There is no heuristic dissector of CQL: HTTP's sees a tunnel to a port that CQL's is registered for.
constexpr std::array<DissectorTraits::Hint, 2> kHints{{
    {"http_tcp",
     "CONNECT sslsniff-hint:9042 HTTP/1.1\r\nX-sslsniff: synthetic dissector hint, not traffic\r\n\r\n"},
    {"http_tcp", "HTTP/1.1 200 sslsniff hint\r\n\r\n", false},
}};

}  // namespace

/// Wireshark looks for CQL at no place inside TLS.
const DissectorTraits& cql_dissector() {
    static const DissectorTraits traits{.port = kPort,
                                        .tls_port = kPort,
                                        .ports = kPorts,
                                        .found_in_tls = false,
                                        .elsewhere = DissectorTraits::Elsewhere::hinted,
                                        .hints = kHints};
    return traits;
}

}  // namespace sslsniff
