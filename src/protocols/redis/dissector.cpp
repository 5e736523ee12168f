#include "protocols/port_dissector.h"
#include "protocols/redis/redis.h"

namespace sslsniff {

/// Wireshark looks for RESP at no place inside TLS.
const DissectorTraits& redis_dissector() {
    constexpr std::uint16_t kPort = 6379;
    static const PortDissector dissector({.port = kPort, .tls_port = kPort});
    return dissector.traits();
}

}  // namespace sslsniff
