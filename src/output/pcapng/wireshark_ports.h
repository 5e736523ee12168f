#pragma once

#include <cstdint>

namespace sslsniff {

/// What Wireshark's default preferences do with TLS on a TCP port (3.4 to 4.6, measured).

/// The port's dissector takes even a well-formed TLS stream.
bool wireshark_takes_from_tls(std::uint16_t port);

bool wireshark_expects_tls(std::uint16_t port);

}  // namespace sslsniff
