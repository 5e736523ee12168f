#include <array>

#include "protocols/mysql/mysql.h"

namespace sslsniff {
namespace {

constexpr std::uint16_t kPort = 3306;
constexpr std::array<std::uint16_t, 1> kPorts{kPort};
/// There is no heuristic dissector: HTTP's sees a tunnel to a port that MySQL's is registered for.
constexpr std::array<DissectorTraits::Hint, 2> kHints{{
    {"http_tcp",
     "CONNECT sslsniff-hint:3306 HTTP/1.1\r\nX-sslsniff: synthetic dissector hint, not traffic\r\n\r\n"},
    {"http_tcp", "HTTP/1.1 200 sslsniff hint\r\n\r\n", false},
}};

}  // namespace

/// Wireshark looks for it inside TLS only where it saw the greeting in the same stream.
const DissectorTraits& mysql_dissector() {
    static const DissectorTraits traits{.port = kPort,
                                        .tls_port = kPort,
                                        .ports = kPorts,
                                        .found_in_tls = false,
                                        .elsewhere = DissectorTraits::Elsewhere::hinted,
                                        .hints = kHints};
    return traits;
}

}  // namespace sslsniff
