#include "output/pcapng/encapsulation.h"

#include <algorithm>

#include "output/pcapng/wireshark_ports.h"

namespace sslsniff {
namespace {

constexpr std::uint16_t kHttpsPort = 443;

/// Wireshark dissects this protocol in plain TCP on this port.
bool is_native(const DissectorTraits& protocol, const EncapsulationInput& input) {
    return std::ranges::binary_search(protocol.ports, input.server_port) &&
           (protocol.preface.empty() || input.has_preface);
}

bool prefers_plain(const EncapsulationInput& input, const DissectorTraits& protocol, PcapngMode mode) {
    if (mode != PcapngMode::automatic) {
        return mode == PcapngMode::plain;
    }
    // What we do not know on a port that belongs to a protocol is likely that.
    const bool is_unknown = protocol.ports.empty() && input.alpn.empty();
    return is_native(protocol, input) || !protocol.found_in_tls ||
           (is_unknown && wireshark_takes_from_tls(input.server_port));
}

bool port_is_taken(const EncapsulationInput& input) {
    return wireshark_takes_from_tls(input.server_port) || wireshark_takes_from_tls(input.client_port);
}

/// Without help Wireshark sees that this is TLS.
bool finds_tls(const EncapsulationInput& input) {
    return wireshark_expects_tls(input.server_port) || !port_is_taken(input);
}

/// Without help Wireshark dissects the plaintext, or nothing would make it.
bool finds_plain(const DissectorTraits& protocol, const EncapsulationInput& input) {
    if (input.transport == Transport::udp || is_native(protocol, input)) {
        return true;
    }
    switch (protocol.elsewhere) {
        case DissectorTraits::Elsewhere::found:
            return !port_is_taken(input);
        case DissectorTraits::Elsewhere::hinted:
            return false;
        case DissectorTraits::Elsewhere::lost:
            break;
    }
    return true;
}

}  // namespace

Encapsulation choose_encapsulation(const EncapsulationInput& input, const EncapsulationOptions& options) {
    static const DissectorTraits unknown;
    const DissectorTraits& protocol = input.protocol != nullptr ? *input.protocol : unknown;
    Encapsulation encapsulation{.server_port = input.server_port, .alpn = std::string(input.alpn)};
    if (input.alpn.empty() && !protocol.alpns.empty()) {
        encapsulation.alpn = protocol.alpns.front();
    }
    // Cleartext was never in TLS, and there are no TLS records in datagrams.
    if (input.carrier == Carrier::cleartext || input.transport == Transport::udp) {
        encapsulation.tls = false;
    } else {
        encapsulation.tls = !prefers_plain(input, protocol, options.mode);
    }

    const bool needs_help = encapsulation.tls ? !finds_tls(input) : !finds_plain(protocol, input);
    if (needs_help && options.help == PcapngHelp::ports) {
        encapsulation.server_port = encapsulation.tls ? kHttpsPort : protocol.port;
    } else if (needs_help && options.help == PcapngHelp::markers) {
        encapsulation.hint = encapsulation.tls ? DissectorHint::tls : DissectorHint::protocol;
        encapsulation.hints = protocol.hints;
    }
    return encapsulation;
}

}  // namespace sslsniff
