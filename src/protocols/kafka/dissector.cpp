#include "protocols/kafka/kafka.h"
#include "protocols/port_dissector.h"

namespace sslsniff {

/// Wireshark looks for Kafka at no place inside TLS.
const DissectorTraits& kafka_dissector() {
    constexpr std::uint16_t kPort = 9092;
    constexpr std::uint16_t kTlsPort = 9093;
    static const PortDissector dissector({.port = kPort, .tls_port = kTlsPort});
    return dissector.traits();
}

}  // namespace sslsniff
