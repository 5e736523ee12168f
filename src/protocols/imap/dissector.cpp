#include "protocols/imap/imap.h"
#include "protocols/port_dissector.h"

namespace sslsniff {

const DissectorTraits& imap_dissector() {
    constexpr std::uint16_t kPort = 143;
    constexpr std::uint16_t kTlsPort = 993;
    static const PortDissector dissector({.port = kPort, .tls_port = kTlsPort});
    return dissector.traits();
}

}  // namespace sslsniff
