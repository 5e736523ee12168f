#include "protocols/mysql/mysql.h"
#include "protocols/port_dissector.h"

namespace sslsniff {

/// Wireshark looks for it inside TLS only where it saw the greeting in the same stream.
const DissectorTraits& mysql_dissector() {
    constexpr std::uint16_t kPort = 3306;
    static const PortDissector dissector({.port = kPort, .tls_port = kPort});
    return dissector.traits();
}

}  // namespace sslsniff
