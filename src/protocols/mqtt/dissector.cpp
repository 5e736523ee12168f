#include <array>

#include "protocols/mqtt/mqtt.h"

namespace sslsniff {
namespace {

constexpr std::uint16_t kPort = 1883;
constexpr std::array<std::uint16_t, 1> kPorts{kPort};
/// There is no heuristic dissector of MQTT: HTTP's sees a tunnel to a port that MQTT's is registered for.
constexpr std::array<DissectorTraits::Hint, 2> kHints{{
    {"http_tcp",
     "CONNECT sslsniff-hint:1883 HTTP/1.1\r\nX-sslsniff: synthetic dissector hint, not traffic\r\n\r\n"},
    {"http_tcp", "HTTP/1.1 200 sslsniff hint\r\n\r\n", false},
}};

}  // namespace

/// Inside TLS Wireshark finds MQTT on port 8883 alone: as plain TCP it is found in any case.
const DissectorTraits& mqtt_dissector() {
    static const DissectorTraits traits{.port = kPort,
                                        .tls_port = kPort,
                                        .ports = kPorts,
                                        .found_in_tls = false,
                                        .elsewhere = DissectorTraits::Elsewhere::hinted,
                                        .hints = kHints};
    return traits;
}

}  // namespace sslsniff
