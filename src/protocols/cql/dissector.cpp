#include "protocols/cql/cql.h"
#include "protocols/port_dissector.h"

namespace sslsniff {

/// Wireshark looks for CQL at no place inside TLS.
const DissectorTraits& cql_dissector() {
    constexpr std::uint16_t kPort = 9042;
    static const PortDissector dissector({.port = kPort, .tls_port = kPort});
    return dissector.traits();
}

}  // namespace sslsniff
