#include "protocols/thrift/thrift.h"

namespace sslsniff {

/// A heuristic dissector finds it in plain TCP, on whatever port.
const DissectorTraits& thrift_dissector() {
    constexpr std::uint16_t kPort = 9090;
    static const DissectorTraits traits{.port = kPort,
                                        .tls_port = kPort,
                                        .found_in_tls = false,
                                        .elsewhere = DissectorTraits::Elsewhere::found};
    return traits;
}

}  // namespace sslsniff
