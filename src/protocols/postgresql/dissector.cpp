#include <array>

#include "protocols/port_dissector.h"
#include "protocols/postgresql/postgresql.h"

namespace sslsniff {
namespace {

constexpr std::uint16_t kPort = 5432;
constexpr std::array<std::string_view, 1> kAlpns{"postgresql"};

}  // namespace

/// Wireshark looks for it inside TLS only where it saw the SSLRequest in the same stream.
const DissectorTraits& postgresql_dissector() {
    static const PortDissector dissector({.alpns = kAlpns, .port = kPort, .tls_port = kPort});
    return dissector.traits();
}

}  // namespace sslsniff
