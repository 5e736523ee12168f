#include <array>

#include "protocols/postgresql/postgresql.h"

namespace sslsniff {
namespace {

constexpr std::uint16_t kPort = 5432;
constexpr std::array<std::uint16_t, 1> kPorts{kPort};
constexpr std::array<std::string_view, 1> kAlpns{"postgresql"};
/// There is no heuristic dissector: HTTP's sees a tunnel to a port that PostgreSQL's is registered for.
constexpr std::array<DissectorTraits::Hint, 2> kHints{{
    {"http_tcp",
     "CONNECT sslsniff-hint:5432 HTTP/1.1\r\nX-sslsniff: synthetic dissector hint, not traffic\r\n\r\n"},
    {"http_tcp", "HTTP/1.1 200 sslsniff hint\r\n\r\n", false},
}};

}  // namespace

/// Wireshark looks for it inside TLS only where it saw the SSLRequest in the same stream.
const DissectorTraits& postgresql_dissector() {
    static const DissectorTraits traits{.alpns = kAlpns,
                                        .port = kPort,
                                        .tls_port = kPort,
                                        .ports = kPorts,
                                        .found_in_tls = false,
                                        .elsewhere = DissectorTraits::Elsewhere::hinted,
                                        .hints = kHints};
    return traits;
}

}  // namespace sslsniff
