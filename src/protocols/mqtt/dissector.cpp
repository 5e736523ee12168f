#include "protocols/mqtt/mqtt.h"
#include "protocols/port_dissector.h"

namespace sslsniff {

/// Inside TLS Wireshark finds MQTT on port 8883 alone: as plain TCP it is found in any case.
const DissectorTraits& mqtt_dissector() {
    constexpr std::uint16_t kPort = 1883;
    static const PortDissector dissector({.port = kPort, .tls_port = kPort});
    return dissector.traits();
}

}  // namespace sslsniff
