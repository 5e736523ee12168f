#include "protocols/port_dissector.h"
#include "protocols/smtp/smtp.h"

namespace sslsniff {

const DissectorTraits& smtp_dissector() {
    constexpr std::uint16_t kPort = 25;
    constexpr std::uint16_t kTlsPort = 465;  // RFC 8314
    static const PortDissector dissector({.port = kPort, .tls_port = kTlsPort});
    return dissector.traits();
}

}  // namespace sslsniff
