#pragma once

#include <cstdint>
#include <span>

namespace sslsniff {

/// TCP ports that Wireshark's HTTP dissector is registered for; HTTP/2 with its preface is found there too.
std::span<const std::uint16_t> http_dissector_ports();

}  // namespace sslsniff
