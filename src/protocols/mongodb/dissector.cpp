#include "protocols/mongodb/mongodb.h"

namespace sslsniff {

/// Wireshark 4.0 registers port 27017 for TLS, and MongoDB for what is inside: in the clear it is dissected
/// nowhere without "Decode As", and there is no heuristic dissector.
const DissectorTraits& mongodb_dissector() {
    constexpr std::uint16_t kPort = 27017;
    static const DissectorTraits traits{
        .port = kPort, .tls_port = kPort, .elsewhere = DissectorTraits::Elsewhere::lost};
    return traits;
}

}  // namespace sslsniff
