#include "protocols/memcached/memcached.h"
#include "protocols/port_dissector.h"

namespace sslsniff {

/// Wireshark looks for memcached at no place inside TLS.
const DissectorTraits& memcached_dissector() {
    constexpr std::uint16_t kPort = 11211;
    static const PortDissector dissector({.port = kPort, .tls_port = kPort});
    return dissector.traits();
}

}  // namespace sslsniff
