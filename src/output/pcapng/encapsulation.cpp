#include "output/pcapng/encapsulation.h"

#include "output/pcapng/wireshark_ports.h"

namespace sslsniff {
namespace {

enum class Family : std::uint8_t { unknown, http1, http2, redis, dns };

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;
constexpr std::uint16_t kRedisPort = 6379;
constexpr std::uint16_t kDnsPort = 53;

Family family_of(const EncapsulationInput& input) {
    const auto starts = [&](std::string_view prefix) { return input.protocol.starts_with(prefix); };
    if (input.alpn == "h2" || starts("h2") || starts("http/2") || starts("grpc")) {
        return Family::http2;
    }
    if (input.alpn.starts_with("http/1") || starts("http/1") || starts("websocket")) {
        return Family::http1;
    }
    if (starts("redis")) {
        return Family::redis;
    }
    if (input.alpn == "dot" || starts("dns")) {
        return Family::dns;
    }
    return Family::unknown;
}

std::string alpn_for(const EncapsulationInput& input, Family family) {
    if (!input.alpn.empty()) {
        return std::string(input.alpn);
    }
    switch (family) {
        case Family::http1:
            return "http/1.1";
        case Family::http2:
            return "h2";
        case Family::dns:
            return "dot";
        case Family::redis:
        case Family::unknown:
            break;
    }
    return {};
}

/// Wireshark dissects this protocol in plain TCP on this port.
bool is_native(Family family, const EncapsulationInput& input) {
    switch (family) {
        case Family::http1:
            return wireshark_expects_http(input.server_port);
        case Family::http2:
            return wireshark_expects_http(input.server_port) && input.has_preface;
        case Family::redis:
            return input.server_port == kRedisPort;
        case Family::dns:
            return input.server_port == kDnsPort;
        case Family::unknown:
            break;
    }
    return false;
}

std::uint16_t native_port(Family family) {
    switch (family) {
        case Family::redis:
            return kRedisPort;
        case Family::dns:
            return kDnsPort;
        case Family::http1:
        case Family::http2:
        case Family::unknown:
            break;
    }
    return kHttpPort;
}

DissectorHint hint_for(Family family) {
    switch (family) {
        case Family::http1:
            return DissectorHint::http;
        case Family::http2:
            return DissectorHint::http2;
        case Family::redis:
            return DissectorHint::redis;
        case Family::dns:
        case Family::unknown:
            break;
    }
    return DissectorHint::none;
}

bool prefers_plain(const EncapsulationInput& input, Family family, PcapngMode mode) {
    if (mode != PcapngMode::automatic) {
        return mode == PcapngMode::plain;
    }
    // Wireshark looks for RESP at no place inside TLS. What we do not know on a port that belongs to a
    // protocol is likely that.
    return is_native(family, input) || family == Family::redis ||
           (family == Family::unknown && input.alpn.empty() && wireshark_takes_from_tls(input.server_port));
}

bool port_is_taken(const EncapsulationInput& input) {
    return wireshark_takes_from_tls(input.server_port) || wireshark_takes_from_tls(input.client_port);
}

/// Without help Wireshark sees that this is TLS.
bool finds_tls(const EncapsulationInput& input) {
    return wireshark_expects_tls(input.server_port) || !port_is_taken(input);
}

/// Without help Wireshark dissects the plaintext, or nothing would make it.
bool finds_plain(Family family, const EncapsulationInput& input) {
    if (input.transport == Transport::udp || is_native(family, input)) {
        return true;
    }
    switch (family) {
        case Family::http1:  // a request or status line is recognised on every port nobody else takes
            return !port_is_taken(input);
        case Family::http2:
        case Family::redis:
            return false;
        case Family::dns:
        case Family::unknown:
            break;
    }
    return true;
}

}  // namespace

Encapsulation choose_encapsulation(const EncapsulationInput& input, const EncapsulationOptions& options) {
    const Family family = family_of(input);
    Encapsulation encapsulation{.server_port = input.server_port, .alpn = alpn_for(input, family)};
    // Cleartext was never in TLS, and there are no TLS records in datagrams.
    if (input.carrier == Carrier::cleartext || input.transport == Transport::udp) {
        encapsulation.tls = false;
    } else {
        encapsulation.tls = !prefers_plain(input, family, options.mode);
    }

    const bool needs_help = encapsulation.tls ? !finds_tls(input) : !finds_plain(family, input);
    if (needs_help && options.help == PcapngHelp::ports) {
        encapsulation.server_port = encapsulation.tls ? kHttpsPort : native_port(family);
    } else if (needs_help && options.help == PcapngHelp::markers) {
        encapsulation.hint = encapsulation.tls ? DissectorHint::tls : hint_for(family);
    }
    return encapsulation;
}

}  // namespace sslsniff
