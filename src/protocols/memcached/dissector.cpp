#include <array>

#include "protocols/memcached/memcached.h"

namespace sslsniff {
namespace {

constexpr std::uint16_t kPort = 11211;
constexpr std::array<std::uint16_t, 1> kPorts{kPort};
/// There is no heuristic dissector of memcached: HTTP's sees a tunnel to a port that memcached's is
/// registered for.
constexpr std::array<DissectorTraits::Hint, 2> kHints{{
    {"http_tcp",
     "CONNECT sslsniff-hint:11211 HTTP/1.1\r\nX-sslsniff: synthetic dissector hint, not traffic\r\n\r\n"},
    {"http_tcp", "HTTP/1.1 200 sslsniff hint\r\n\r\n", false},
}};

}  // namespace

/// Wireshark looks for memcached at no place inside TLS.
const DissectorTraits& memcached_dissector() {
    static const DissectorTraits traits{.port = kPort,
                                        .tls_port = kPort,
                                        .ports = kPorts,
                                        .found_in_tls = false,
                                        .elsewhere = DissectorTraits::Elsewhere::hinted,
                                        .hints = kHints};
    return traits;
}

}  // namespace sslsniff
