#include <array>

#include "protocols/dns/dns.h"

namespace sslsniff {
namespace {

constexpr std::uint16_t kPort = 53;
constexpr std::uint16_t kTlsPort = 853;  // RFC 7858
constexpr std::array<std::uint16_t, 1> kPorts{kPort};
constexpr std::array<std::string_view, 1> kAlpns{"dot"};

}  // namespace

const DissectorTraits& dns_dissector() {
    static const DissectorTraits traits{
        .alpns = kAlpns, .port = kPort, .tls_port = kTlsPort, .ports = kPorts};
    return traits;
}

}  // namespace sslsniff
