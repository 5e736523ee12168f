#include "protocols/port_dissector.h"

#include <fmt/format.h>

namespace sslsniff {

PortDissector::PortDissector(const DissectorTraits& known)
    : traits_(known),
      ports_{known.port},
      request_(fmt::format(
          "CONNECT sslsniff-hint:{} HTTP/1.1\r\nX-sslsniff: synthetic dissector hint, not traffic\r\n\r\n",
          known.port)),
      hints_{{{"http_tcp", request_}, {"http_tcp", "HTTP/1.1 200 sslsniff hint\r\n\r\n", false}}} {
    traits_.ports = ports_;
    traits_.found_in_tls = false;
    traits_.elsewhere = DissectorTraits::Elsewhere::hinted;
    traits_.hints = hints_;
}

}  // namespace sslsniff
