#pragma once

#include <cstdint>
#include <string>

namespace sslsniff {

/// AlertDescription as RFC 8446 section 6 names it ("unknown_ca"), or its number.
std::string tls_alert_name(std::uint8_t description);

}  // namespace sslsniff
